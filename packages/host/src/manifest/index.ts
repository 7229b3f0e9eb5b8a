export { routerName } from "./find.ts";
export { variablePrefix } from "./names.ts";
export { type AssetsSection, type Manifest, readManifests } from "./read.ts";
