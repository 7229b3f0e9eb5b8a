export { routerName } from "./find.ts";
export { hostName, variablePrefix } from "./names.ts";
export { type AssetsSection, type Manifest, type QueueConsumer, type QueueProducer, readManifests } from "./read.ts";
