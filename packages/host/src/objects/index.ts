export { bucketBinder } from "./binder.ts";
export type { Transport } from "./s3/transport.ts";
