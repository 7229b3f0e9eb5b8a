export { bucketBinder } from "./binder.ts";
export { readS3Settings } from "./s3/settings.ts";
export type { Transport } from "./s3/transport.ts";
