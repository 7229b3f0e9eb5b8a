export { parseTrustedProxies } from "./client-address.ts";
export { probePort } from "./listen.node.ts";
export { PortTakenError } from "./port-taken.ts";
export type { Server } from "./server.ts";
