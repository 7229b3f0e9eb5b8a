import type { Transport } from "./objects/index.ts";
import type { OpenServer } from "./server/server.ts";
import type { HttpBinding } from "./services/index.ts";

/** The parts that each runtime does in its own way. */
export interface Runtime {
  openServer: OpenServer;
  /** These bring an HTTP client of ten megabytes along, which a process that asks nobody else does without. */
  httpBinding(service: string, urls: readonly URL[]): Promise<HttpBinding>;
  loadTransport(): Promise<() => Transport>;
}

/** The one place where the host asks on what it runs. */
export async function currentRuntime(): Promise<Runtime> {
  if ("Bun" in globalThis) {
    return {
      openServer: (await import("./server/open.bun.ts")).openServer,
      httpBinding: async (service, urls) => (await import("./services/http.bun.ts")).httpBinding(service, urls),
      loadTransport: async () => (await import("./objects/s3/transport.bun.ts")).openTransport,
    };
  }
  return {
    openServer: (await import("./server/open.node.ts")).openServer,
    httpBinding: async (service, urls) => (await import("./services/http.node.ts")).httpBinding(service, urls),
    loadTransport: async () => (await import("./objects/s3/transport.node.ts")).openTransport,
  };
}
