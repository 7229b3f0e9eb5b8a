import type { Transport } from "./objects/index.ts";
import type { OpenServer } from "./server/server.ts";
import type { HttpBinding } from "./services/index.ts";

/** The parts that each runtime does in its own way. */
export interface Runtime {
  openServer: OpenServer;
  httpBinding(service: string, url: URL): HttpBinding;
  openTransport(): Transport;
}

/** The one place where the host asks on what it runs. */
export async function currentRuntime(): Promise<Runtime> {
  const [server, services, transport] =
    "Bun" in globalThis
      ? await Promise.all([
          import("./server/open.bun.ts"),
          import("./services/http.bun.ts"),
          import("./objects/s3/transport.bun.ts"),
        ])
      : await Promise.all([
          import("./server/open.node.ts"),
          import("./services/http.node.ts"),
          import("./objects/s3/transport.node.ts"),
        ]);
  return {
    openServer: server.openServer,
    httpBinding: services.httpBinding,
    openTransport: transport.openTransport,
  };
}
