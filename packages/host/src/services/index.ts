export { addressFaults, givenAddress, siblingAddress } from "./address.ts";
export type { HttpBinding } from "./http.node.ts";
export { type Callee, inProcessBinding } from "./in-process.ts";
