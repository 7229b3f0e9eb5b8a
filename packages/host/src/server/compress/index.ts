export { type Asking, compress } from "./compress.ts";
