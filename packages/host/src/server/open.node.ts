import { createServer, type Server as HttpServer, type IncomingMessage, ServerResponse } from "node:http";
import { Server as NetServer, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { getRequestListener } from "@hono/node-server";
import { hostLog } from "../logs/index.ts";
import { clientAddress, clientAddressHeader, type TrustedProxies } from "./client-address.ts";
import { type Asking, compress } from "./compress/index.ts";
import { EventStreams } from "./event-streams.ts";
import { headFault } from "./head-fault.ts";
import { listen, portOf } from "./listen.node.ts";
import { answerParseError, refuseOn } from "./parse-error.node.ts";
import {
  answeredMethods,
  type Problem,
  problemBody,
  problemResponse,
  problems,
  refusalHeaders,
  refusalResponse,
} from "./problem.ts";
import { adoptLightRequests } from "./request.node.ts";
import { adoptLightResponses, alreadySent, isLight, sendStreamed, wholeBody } from "./response.node.ts";
import {
  farewell,
  keepAliveSeconds,
  maxHeaderSize,
  maxTargetLength,
  type OpenServer,
  type ServerOptions,
  usualPatience,
} from "./server.ts";

export const openServer: OpenServer = async (options) => {
  const { hostname, port, trusted, shared, patience = usualPatience } = options;
  let draining = false;
  const streams = new EventStreams();
  const listener = listenerFor(options, streams);
  adoptLightRequests();
  adoptLightResponses();
  const server = createServer(
    {
      maxHeaderSize,
      headersTimeout: patience.head,
      requestTimeout: patience.request,
      connectionsCheckingInterval: Math.min(5_000, patience.head),
      keepAliveTimeout: keepAliveSeconds * 1_000,
      // A missing Host is answered like every other malformed request.
      requireHostHeader: false,
    },
    (incoming, outgoing) => {
      if (draining) outgoing.setHeader("connection", "close");
      const fault = faultOf(incoming);
      if (fault) return refuse(outgoing, fault);
      if (incoming.url === "*") return answerAsterisk(outgoing);
      stampClientAddress(incoming, trusted);
      listener(incoming, outgoing).catch((error: unknown) => {
        hostLog.error("An answer could not be sent", { error });
        outgoing.destroy();
      });
    },
  );
  const sockets = followSockets(server);
  server.on("clientError", answerParseError);
  server.on("connect", (_, socket) => refuseOn(socket, problems.method));
  server.on("checkExpectation", (_, outgoing) => refuse(outgoing, problems.expectation));
  await listen(server, hostname, port, shared);
  return {
    port: portOf(server, port),
    async drain(deadline) {
      await quietMoment(server, deadline);
      const closed = closePort(server);
      // Not before: whoever is told goodbye comes back at once, and perhaps to this port.
      draining = true;
      streams.end();
      await settled(server, sockets, closed, deadline);
    },
  };
};

const listenerFor = ({ worker, env, context, compresses }: ServerOptions, streams: EventStreams) =>
  getRequestListener(
    async (request, { incoming, outgoing }) => {
      const answer = await worker.fetch(request, env, context);
      const response = compresses ? await compress(answer, askingOf(incoming), wholeBody(answer)) : answer;
      if (outgoing instanceof ServerResponse && isUnread(incoming)) outgoing.setHeader("connection", "close");
      if (isLight(response) || !(outgoing instanceof ServerResponse)) return response;
      await sendStreamed(streams.follow(response), outgoing);
      return alreadySent();
    },
    { overrideGlobalObjects: true, errorHandler: refusal },
  );

const askingOf = ({
  method = "",
  headers,
}: {
  method?: string | undefined;
  headers: NodeJS.Dict<string | string[]>;
}): Asking => ({
  method,
  header: (name) => headers[name]?.toString(),
});

/**
 * Whether the answer came before the body was read. The listener then cuts the connection after a while
 * (it will not read megabytes nobody wants), so the client must be told not to use it again.
 */
const isUnread = ({ complete, headers }: { complete: boolean; headers: NodeJS.Dict<string | string[]> }): boolean =>
  !complete && ((headers["content-length"] ?? "0") !== "0" || headers["transfer-encoding"] !== undefined);

/** What a Worker throws is its own affair; a request that is no request is the client's. */
function refusal(error: unknown): Response {
  if (error instanceof Error && error.name === "RequestError") return refusalResponse(problems.malformed);
  hostLog.error("A service failed to answer", { error });
  return problemResponse(problems.internal);
}

function faultOf(incoming: IncomingMessage): Problem | undefined {
  const { url = "", method = "", headers, rawHeaders, httpVersionMajor, httpVersionMinor } = incoming;
  if (url.length > maxTargetLength) return problems.target;
  if (httpVersionMajor !== 1) return problems.version;
  // HTTP/1.0, which health checks of load balancers still speak, knows no Host, and no chunks either.
  if (httpVersionMinor === 0) headers.host ??= "localhost";
  if (httpVersionMinor === 0 && headers["transfer-encoding"]) return problems.malformed;
  if (url === "*" ? method !== "OPTIONS" : !url.startsWith("/") && !takeOrigin(incoming)) return problems.malformed;
  return headFault({
    method,
    // Of several Node keeps the first.
    host: countOf(rawHeaders, "host") > 1 ? "," : headers.host,
    expect: headers.expect,
    contentLength: headers["content-length"],
    transferEncoding: headers["transfer-encoding"],
  });
}

/** RFC 9112, 3.2.2: of a target with an origin of its own, that one counts and Host does not. */
function takeOrigin(incoming: IncomingMessage): boolean {
  const target = URL.parse(incoming.url ?? "");
  if (target === null || !/^https?:$/.test(target.protocol)) return false;
  incoming.url = target.pathname + target.search;
  incoming.headers.host = target.host;
  return true;
}

function refuse(outgoing: ServerResponse, problem: Problem): void {
  const body = problemBody(problem);
  outgoing.writeHead(problem.status, { ...refusalHeaders(problem), "content-length": Buffer.byteLength(body) });
  outgoing.end(body);
}

/** `OPTIONS *` is about the server, of which there is no more to say than what it answers (RFC 9110, 9.3.7). */
function answerAsterisk(outgoing: ServerResponse): void {
  outgoing.writeHead(204, { allow: answeredMethods }).end();
}

/** Replaces what a client may have claimed by what the socket says, in both lists that Node keeps of the headers. */
function stampClientAddress({ headers, rawHeaders, socket }: IncomingMessage, trusted: TrustedProxies): void {
  const address = clientAddress(socket.remoteAddress ?? "", trusted, (name) => rawHeader(rawHeaders, name));
  for (let index = rawHeaders.length - 2; index >= 0; index -= 2) {
    if (isNamed(rawHeaders[index], clientAddressHeader)) rawHeaders.splice(index, 2);
  }
  rawHeaders.push(clientAddressHeader, address);
  headers[clientAddressHeader] = address;
}

function countOf(rawHeaders: readonly string[], name: string): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) if (isNamed(rawHeaders[index], name)) count += 1;
  return count;
}

function rawHeader(rawHeaders: readonly string[], name: string): string | undefined {
  const values: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (isNamed(rawHeaders[index], name)) values.push(rawHeaders[index + 1] ?? "");
  }
  return values.length === 0 ? undefined : values.join(", ");
}

const isNamed = (header: string | undefined, name: string): boolean =>
  header !== undefined && header.length === name.length && header.toLowerCase() === name;

function followSockets(server: HttpServer): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return sockets;
}

/**
 * Resolves right after a look at the port that found nobody waiting. Connections that the kernel has made and nobody has
 * accepted are reset when their port closes, also where other processes share it.
 */
async function quietMoment(server: HttpServer, deadline: AbortSignal): Promise<void> {
  let isQuiet = false;
  const onConnection = (): void => {
    isQuiet = false;
  };
  server.on("connection", onConnection);
  const end = performance.now() + farewell;
  // The look of this turn may have been before somebody came.
  await setImmediate();
  while (!isQuiet && !deadline.aborted && performance.now() < end) {
    isQuiet = true;
    // An immediate runs when all that was waiting at the port has been accepted.
    await setImmediate();
  }
  server.off("connection", onConnection);
}

/**
 * `http.Server.close` would cut idle connections at once, and with them a request that is on its way.
 * Closing only the listening socket leaves each one its next answer. Resolves when the last connection is gone.
 */
const closePort = (server: HttpServer): Promise<void> =>
  new Promise((resolve) => {
    NetServer.prototype.close.call(server, () => resolve());
  });

/** Cuts idle connections once they have had time for a last request, and all when the time is up. */
async function settled(
  server: HttpServer,
  sockets: ReadonlySet<Socket>,
  closed: Promise<void>,
  deadline: AbortSignal,
): Promise<void> {
  const cut = (): void => server.closeAllConnections();
  if (deadline.aborted) cut();
  deadline.addEventListener("abort", cut, { once: true });
  const idle = setInterval(() => {
    server.closeIdleConnections();
    // Browsers open connections ahead of what they may ask, which Node does not count as idle.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  }, farewell);
  await closed;
  clearInterval(idle);
  deadline.removeEventListener("abort", cut);
}
