export { hyperdriveBinding } from "./binding.ts";
export { createKept, type Kept } from "./kept.ts";
export { databaseFaults, databaseUrl } from "./url.ts";
