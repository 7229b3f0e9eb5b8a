import { Readable } from "node:stream";
import { type Dispatcher, Pool } from "undici";
import { carriedOn } from "./hop-by-hop.ts";
import { type OutgoingBody, outgoingBody } from "./outgoing-body.ts";
import { receive } from "./receive.node.ts";
import { type HttpBinding, type HttpClient, replicatedBinding } from "./replicas.ts";
import { targetOf } from "./target.ts";

/**
 * Speaks HTTP/1.1 over kept connections. Nothing is redirected or decoded here: a redirect or an encoding
 * is addressed to whoever asked first.
 */
export const httpBinding = (service: string, urls: readonly URL[]): HttpBinding =>
  replicatedBinding(service, urls, undici);

const undici: HttpClient<OutgoingBody> = {
  bodyOf: outgoingBody,
  open({ origin }, { connectTimeout }) {
    const pool = new Pool(origin, {
      connect: { timeout: connectTimeout },
      pipelining: 1,
      // How long an answer may take is the caller's deadline; an event stream may be silent for hours.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: 4_000,
      keepAliveMaxTimeout: 60_000,
      // Connections are renewed now and then, so that replicas which came later get their share.
      clientTtl: 60_000,
    });
    return {
      send(request, body) {
        const options: Dispatcher.DispatchOptions = {
          origin,
          path: targetOf(request.url),
          method: request.method,
          headers: outgoingHeaders(request.headers),
          body: typeof body === "function" ? Readable.from(body(), { objectMode: false }) : body,
        };
        return receive(request.signal, (handler) => pool.dispatch(options, handler));
      },
      close: () => pool.destroy(),
    };
  },
};

function outgoingHeaders(headers: Headers): string[] {
  const passes = carriedOn(headers.get("connection"));
  const list: string[] = [];
  headers.forEach((value, name) => {
    // undici refuses `expect`; it has been answered on the hop before.
    if (passes(name) && name !== "expect") list.push(name, value);
  });
  return list;
}
