import type { ServerResponse } from "node:http";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { hostLog } from "../logs/index.ts";

const NativeResponse = globalThis.Response;

let lightMark: symbol | undefined;

/**
 * The listener replaces the global `Response` by a light one that, made of a string or bytes, reaches
 * the socket without ever becoming a stream. Which ones still are in that state shows in a symbol that
 * the library keeps to itself; should it ever go away, all answers take the slower road below.
 */
export function adoptLightResponses(): void {
  if (lightMark !== undefined || globalThis.Response === NativeResponse) return;
  lightMark = Object.getOwnPropertySymbols(new Response("")).find((symbol) => symbol.description === "cache");
  // A Response that came from `fetch` or `clone` is a native one, and has to be an instance all the same.
  Object.defineProperty(globalThis.Response, Symbol.hasInstance, {
    value: (value: unknown) =>
      typeof value === "object" &&
      value !== null &&
      Object.prototype.isPrototypeOf.call(NativeResponse.prototype, value),
  });
}

/** Whether the listener can send this response by itself, in one piece. */
export const isLight = (response: Response): boolean => wholeBody(response) !== undefined;

/** What a response is made of, as long as it has not become a stream; undefined for all others. */
export function wholeBody(response: Response): string | Uint8Array | null | undefined {
  if (lightMark === undefined || !(lightMark in response)) return undefined;
  const parts: unknown = Reflect.get(response, lightMark);
  const body: unknown = Array.isArray(parts) ? parts[1] : undefined;
  return body === null || typeof body === "string" || body instanceof Uint8Array ? body : undefined;
}

export const alreadySent = (): Response => RESPONSE_ALREADY_SENT;

/**
 * Sends the headers at once and then the body as it comes, no faster than the client takes it. A body
 * that fails midway cuts the connection: that is how HTTP/1.1 says that an answer is incomplete.
 */
export async function sendStreamed(response: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(response.status, headerList(response.headers));
  if (response.body === null || outgoing.req.method === "HEAD") {
    outgoing.end();
    await response.body?.cancel();
    return;
  }
  outgoing.flushHeaders();
  const reader = response.body.getReader();
  const stop = (): void => void reader.cancel().catch(() => undefined);
  outgoing.once("close", stop);
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (!outgoing.write(next.value)) await writable(outgoing);
      if (outgoing.destroyed) return;
    }
    outgoing.end();
  } catch (error) {
    hostLog.error("An answer broke off while it was sent", { error });
    outgoing.destroy();
  } finally {
    outgoing.off("close", stop);
  }
}

/** Resolves when more may be written, or when nothing more can be. */
function writable(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      outgoing.off("drain", done).off("close", done);
      resolve();
    };
    outgoing.once("drain", done).once("close", done);
  });
}

/** A flat list keeps several `set-cookie` apart. */
function headerList(headers: Headers): string[] {
  const list: string[] = [];
  headers.forEach((value, name) => {
    list.push(name, value);
  });
  return list;
}
