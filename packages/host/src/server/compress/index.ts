export { type Asking, compress, type WholeBody } from "./compress.ts";
