import { lookup } from "node:dns/promises";
import { createServer, type Server } from "node:net";
import { listenError } from "./listen-error.ts";

/**
 * Opens the port, and rejects with `PortTakenError`, or with `ConfigurationError` where HOST or PORT is to blame. On Linux each of several processes that share it
 * (`shared`) has a socket of its own, among which the kernel deals connections out. Elsewhere the cluster
 * module of their parent does; there a connection on its way to a process that is killed hangs.
 */
export function listen(server: Server, hostname: string, port: number, shared = false): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(listenError(error, hostname, port)));
    server.listen({ host: hostname, port, backlog: 1_024, reusePort: shared && process.platform === "linux" }, resolve);
  });
}

export function portOf(server: Server, asked: number): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : asked;
}

/** Throws where `listen` would, else says which it is: 0 lets the system choose. */
export async function probePort(hostname: string, port: number): Promise<number> {
  // Bun's server does not say of a name that it cannot be resolved.
  await lookup(hostname).catch((error: unknown) => Promise.reject(listenError(error, hostname, port)));
  const server = createServer();
  await listen(server, hostname, port);
  const found = portOf(server, port);
  await new Promise((resolve) => server.close(resolve));
  return found;
}
