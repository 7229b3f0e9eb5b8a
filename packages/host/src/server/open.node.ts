import { createServer, type Server as HttpServer, type IncomingMessage, ServerResponse } from "node:http";
import { Server as NetServer } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { hostLog } from "../logs/index.ts";
import { clientAddress, clientAddressHeader, type TrustedProxies } from "./client-address.ts";
import { listen, portOf } from "./listen.node.ts";
import { answerParseError } from "./parse-error.node.ts";
import { problemBody, problemHeaders, problemResponse, problems } from "./problem.ts";
import { adoptLightRequests } from "./request.node.ts";
import { adoptLightResponses, alreadySent, isLight, sendStreamed } from "./response.node.ts";
import {
  farewell,
  headersTimeout,
  keepAliveSeconds,
  maxHeaderSize,
  maxTargetLength,
  type OpenServer,
  requestTimeout,
} from "./server.ts";

export const openServer: OpenServer = async ({ hostname, port, worker, env, context, trusted, shared }) => {
  let draining = false;
  const listener = getRequestListener(
    async (request, { incoming, outgoing }) => {
      const response = await worker.fetch(request, env, context);
      if (outgoing instanceof ServerResponse && isUnread(incoming)) outgoing.setHeader("connection", "close");
      if (isLight(response) || !(outgoing instanceof ServerResponse)) return response;
      await sendStreamed(response, outgoing);
      return alreadySent();
    },
    { overrideGlobalObjects: true, errorHandler: refusal },
  );
  adoptLightRequests();
  adoptLightResponses();
  const server = createServer(
    {
      maxHeaderSize,
      headersTimeout,
      requestTimeout,
      connectionsCheckingInterval: 5_000,
      keepAliveTimeout: keepAliveSeconds * 1_000,
      // A missing Host is answered like every other malformed request.
      requireHostHeader: false,
    },
    (incoming, outgoing) => {
      if (draining) outgoing.setHeader("connection", "close");
      if ((incoming.url?.length ?? 0) > maxTargetLength) return refuse(outgoing);
      stampClientAddress(incoming, trusted);
      listener(incoming, outgoing).catch((error: unknown) => {
        hostLog.error("An answer could not be sent", { error });
        outgoing.destroy();
      });
    },
  );
  server.on("clientError", answerParseError);
  await listen(server, hostname, port, shared);
  return {
    port: portOf(server, port),
    async drain(deadline) {
      draining = true;
      await closeGently(server, deadline);
    },
  };
};

/**
 * Whether the answer came before the body was read. The listener then cuts the connection after a while
 * (it will not read megabytes nobody wants), so the client must be told not to use it again.
 */
const isUnread = ({ complete, headers }: { complete: boolean; headers: NodeJS.Dict<string | string[]> }): boolean =>
  !complete && ((headers["content-length"] ?? "0") !== "0" || headers["transfer-encoding"] !== undefined);

/** What a Worker throws is its own affair; a request that is no request is the client's. */
function refusal(error: unknown): Response {
  if (error instanceof Error && error.name === "RequestError") return problemResponse(problems.malformed);
  hostLog.error("A service failed to answer", { error });
  return problemResponse(problems.internal);
}

function refuse(outgoing: ServerResponse): void {
  outgoing.writeHead(problems.target.status, { ...problemHeaders, connection: "close" });
  outgoing.end(problemBody(problems.target));
}

/** Replaces what a client may have claimed by what the socket says, in both lists that Node keeps of the headers. */
function stampClientAddress(
  { headers, rawHeaders, socket, httpVersionMinor }: IncomingMessage,
  trusted: TrustedProxies,
): void {
  const address = clientAddress(socket.remoteAddress ?? "", trusted, (name) => rawHeader(rawHeaders, name));
  for (let index = rawHeaders.length - 2; index >= 0; index -= 2) {
    if (isNamed(rawHeaders[index], clientAddressHeader)) rawHeaders.splice(index, 2);
  }
  rawHeaders.push(clientAddressHeader, address);
  headers[clientAddressHeader] = address;
  // HTTP/1.0, which health checks of load balancers still speak, knows no Host.
  if (httpVersionMinor === 0) headers.host ??= "localhost";
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

/**
 * `http.Server.close` would cut idle connections at once, and with them a request that is on its way.
 * Closing only the listening socket leaves each one its next answer, which says goodbye.
 */
async function closeGently(server: HttpServer, deadline: AbortSignal): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    NetServer.prototype.close.call(server, () => resolve());
  });
  const cut = (): void => server.closeAllConnections();
  if (deadline.aborted) cut();
  deadline.addEventListener("abort", cut, { once: true });
  const idle = setInterval(() => server.closeIdleConnections(), farewell);
  await closed;
  clearInterval(idle);
  deadline.removeEventListener("abort", cut);
}
