export { assetsBinding } from "./binding.ts";
export { listSite, type Site } from "./site.ts";
export { workerBehind } from "./worker-behind.ts";
