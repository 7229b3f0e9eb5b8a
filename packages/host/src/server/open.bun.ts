import http from "node:http";
import { setTimeout } from "node:timers/promises";
import { hostLog } from "../logs/index.ts";
import { clientAddress, clientAddressHeader } from "./client-address.ts";
import { type Asking, compress } from "./compress/index.ts";
import { EventStreams } from "./event-streams.ts";
import { headFault } from "./head-fault.ts";
import { listenError } from "./listen-error.ts";
import { type Problem, problemResponse, problems, refusalResponse } from "./problem.ts";
import { farewell, keepAliveSeconds, maxHeaderSize, maxTargetLength, type OpenServer } from "./server.ts";

export const openServer: OpenServer = ({
  hostname,
  port,
  worker,
  env,
  context,
  trusted,
  shared = false,
  compresses,
}) => {
  let draining = false;
  const streams = new EventStreams();
  // Bun keeps one limit for the whole process, its own servers included, and this is where it is set.
  Object.assign(http, { maxHeaderSize });
  const server = serve(hostname, port, {
    hostname,
    port,
    reusePort: shared,
    idleTimeout: keepAliveSeconds,
    // How large a body may be is the router's and each route's decision.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    async fetch(received, bun) {
      const fault = faultOf(received);
      if (fault) return refusalResponse(fault);
      const request = addressed(received);
      // A handler may take as long as its deadline allows; only the wait for the client is limited,
      // and not that of an event stream, which has nothing to say until something happens.
      bun.timeout(received, 0);
      let limit: number = keepAliveSeconds;
      try {
        const { headers } = request;
        const address = clientAddress(bun.requestIP(received)?.address ?? "", trusted, (name) => headers.get(name));
        headers.set(clientAddressHeader, address);
        const answer = await worker.fetch(request, env, context);
        const asking: Asking = { method: request.method, header: (name) => headers.get(name) };
        const response = streams.follow(compresses ? await compress(answer, asking, undefined) : answer);
        // Of a HEAD that names no length Bun says that it is 0, and what is compressed has no length yet.
        if (asking.method === "HEAD" && response !== answer) response.headers.set("transfer-encoding", "chunked");
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
      streams.end();
      await pause(farewell, deadline);
      const cut = (): void => void server.stop(true);
      if (deadline.aborted) cut();
      deadline.addEventListener("abort", cut, { once: true });
      await server.stop();
      deadline.removeEventListener("abort", cut);
    },
  });
};

function faultOf({ method, url, headers }: Request): Problem | undefined {
  // `http://` and a host come before the path.
  if (url.length > maxTargetLength + 270) return problems.target;
  const host = headers.get("host");
  // A Host that makes no URL leaves a bare path, as none at all does, which only HTTP/1.0 gets away with.
  if (host !== null && url.startsWith("/")) return problems.malformed;
  return headFault({
    method,
    host: host ?? "localhost",
    expect: headers.get("expect"),
    contentLength: headers.get("content-length"),
    transferEncoding: headers.get("transfer-encoding"),
  });
}

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
