import { Readable } from "node:stream";
import { type ServiceBinding, TrivetError } from "@trivet/platform";
import { type Dispatcher, Pool } from "undici";
import { carriedOn } from "./hop-by-hop.ts";
import { receive } from "./receive.node.ts";
import { targetOf } from "./target.ts";

/** A service in another process. */
export interface HttpBinding extends ServiceBinding {
  close(): Promise<void>;
}

type RequestBody = Buffer | Readable | null;

// Bodies up to this many bytes travel in one piece: a stream costs more than so much memory does.
const smallBody = 64 * 1024;
// Looking at `body` makes a stream of it, so methods that cannot have one are not asked.
const bodiless = new Set(["GET", "HEAD"]);

/**
 * Speaks HTTP/1.1 over kept connections. Nothing is retried, redirected or decoded here: a retry is the
 * caller's decision, and a redirect or an encoding is addressed to whoever asked first.
 */
export function httpBinding(service: string, url: URL): HttpBinding {
  const pool = new Pool(url.origin, {
    connect: { timeout: 5_000 },
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
    async fetch(request) {
      const { signal } = request;
      signal.throwIfAborted();
      const body = bodiless.has(request.method) ? null : await outgoingBody(request);
      const options: Dispatcher.DispatchOptions = {
        origin: url.origin,
        path: targetOf(request.url),
        method: request.method,
        headers: outgoingHeaders(request.headers),
        body,
      };
      return await receive(signal, (handler) => pool.dispatch(options, handler)).catch((cause: unknown) => {
        if (signal.aborted) throw signal.reason;
        throw new TrivetError("unavailable", `The ${service} service cannot be reached.`, { cause, retryAfter: 1 });
      });
    },
    close: () => pool.destroy(),
  };
}

function outgoingHeaders(headers: Headers): string[] {
  const passes = carriedOn(headers.get("connection"));
  const list: string[] = [];
  headers.forEach((value, name) => {
    // undici refuses `expect`; it has been answered on the hop before.
    if (passes(name) && name !== "expect") list.push(name, value);
  });
  return list;
}

async function outgoingBody(request: Request): Promise<RequestBody> {
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) <= smallBody) return Buffer.from(await request.arrayBuffer());
  return request.body ? await unstreamed(request.body, declared !== null) : null;
}

/** A body that ends with its first chunk, as one made from a string does, is sent in one piece with its length. */
async function unstreamed(body: ReadableStream<Uint8Array>, declared: boolean): Promise<RequestBody> {
  if (declared) return readable(body.getReader());
  const reader = body.getReader();
  const first = await reader.read();
  if (first.done) return null;
  const second = reader.read();
  const ended = await Promise.race([second, nextTurn()]);
  if (ended?.done) return Buffer.from(first.value);
  return readable(reader, first.value, second);
}

const nextTurn = (): Promise<undefined> => new Promise((resolve) => setImmediate(resolve, undefined));

type Reader = ReadableStreamDefaultReader<Uint8Array>;

const readable = (...rest: Parameters<typeof chunksOf>): Readable =>
  Readable.from(chunksOf(...rest), { objectMode: false });

async function* chunksOf(
  reader: Reader,
  first?: Uint8Array,
  second?: ReturnType<Reader["read"]>,
): AsyncGenerator<Uint8Array> {
  try {
    if (first) yield first;
    for (let next = await (second ?? reader.read()); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
