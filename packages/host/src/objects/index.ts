export { bucketBinder } from "./binder.ts";
