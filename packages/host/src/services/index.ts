export { addressFaults, calledServices, givenAddress, siblingAddress } from "./address.ts";
export { type Callee, inProcessBinding } from "./in-process.ts";
export type { HttpBinding } from "./replicas.ts";
