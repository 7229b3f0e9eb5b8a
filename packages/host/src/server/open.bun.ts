import { setTimeout } from "node:timers/promises";
import { hostLog } from "../logs/index.ts";
import { clientAddress, clientAddressHeader } from "./client-address.ts";
import { listenError } from "./listen-error.ts";
import { problemResponse, problems } from "./problem.ts";
import { farewell, keepAliveSeconds, maxTargetLength, type OpenServer } from "./server.ts";

export const openServer: OpenServer = ({ hostname, port, worker, env, context, trusted, shared = false }) => {
  let draining = false;
  const server = serve(hostname, port, {
    hostname,
    port,
    reusePort: shared,
    idleTimeout: keepAliveSeconds,
    // How large a body may be is the router's and each route's decision.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    async fetch(received, bun) {
      const request = addressed(received);
      // `http://` and a host come before the path.
      if (request.url.length > maxTargetLength + 270) return problemResponse(problems.target);
      // A handler may take as long as its deadline allows; only the wait for the client is limited,
      // and not that of an event stream, which has nothing to say until something happens.
      bun.timeout(received, 0);
      let limit: number = keepAliveSeconds;
      try {
        const { headers } = request;
        const address = clientAddress(bun.requestIP(received)?.address ?? "", trusted, (name) => headers.get(name));
        headers.set(clientAddressHeader, address);
        const response = await worker.fetch(request, env, context);
        if (response.headers.get("content-type")?.startsWith("text/event-stream")) limit = 0;
        return draining ? withGoodbye(response) : response;
      } finally {
        bun.timeout(received, limit);
      }
    },
    error(error) {
      hostLog.error("A service failed to answer", { error });
      return problemResponse(problems.internal);
    },
  });
  return Promise.resolve({
    port: server.port,
    async drain(deadline: AbortSignal) {
      // Bun closes idle connections together with the port, and a request that is on its way with them:
      // so first every connection in use gets its goodbye.
      draining = true;
      await pause(farewell, deadline);
      const cut = (): void => void server.stop(true);
      if (deadline.aborted) cut();
      deadline.addEventListener("abort", cut, { once: true });
      await server.stop();
      deadline.removeEventListener("abort", cut);
    },
  });
};

/** HTTP/1.0, which health checks of load balancers still speak, knows no Host, and leaves Bun with a bare path. */
const addressed = (request: Request): Request =>
  request.url.startsWith("/") ? new Request(`http://localhost${request.url}`, request) : request;

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  setTimeout(milliseconds, undefined, { signal }).catch(() => undefined);

type BunOptions = Parameters<typeof Bun.serve>[0];

function serve(hostname: string, port: number, options: BunOptions): BunServer {
  try {
    return Bun.serve(options);
  } catch (error) {
    throw listenError(error, hostname, port);
  }
}

function withGoodbye(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.set("connection", "close");
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
