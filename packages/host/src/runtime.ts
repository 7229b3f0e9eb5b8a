import type { OpenServer } from "./server/server.ts";
import type { HttpBinding } from "./services/index.ts";

/** The parts that each runtime does in its own way. */
export interface Runtime {
  openServer: OpenServer;
  httpBinding(service: string, url: URL): HttpBinding;
}

/** The one place where the host asks on what it runs. */
export async function currentRuntime(): Promise<Runtime> {
  const [server, services] =
    "Bun" in globalThis
      ? await Promise.all([import("./server/open.bun.ts"), import("./services/http.bun.ts")])
      : await Promise.all([import("./server/open.node.ts"), import("./services/http.node.ts")]);
  return { openServer: server.openServer, httpBinding: services.httpBinding };
}
