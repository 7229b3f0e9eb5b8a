export { hyperdriveBinding } from "./binding.ts";
export { createKept, type Kept } from "./kept.ts";
export { databaseUrl } from "./url.ts";
