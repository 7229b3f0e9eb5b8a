export { routerName } from "./find.ts";
export { hostName, variablePrefix } from "./names.ts";
export { type AssetsSection, type Manifest, readManifests } from "./read.ts";
