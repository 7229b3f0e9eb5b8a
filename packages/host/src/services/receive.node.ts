import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import { carriedOn } from "./hop-by-hop.ts";
import { NeverSent } from "./never-sent.ts";

// Answers up to this many bytes are collected: a Response made of bytes is several times cheaper than one of a stream.
const smallBody = 64 * 1024;
const withoutBody = new Set([204, 205, 304]);

type Controller = Dispatcher.DispatchController;

/**
 * Turns what arrives on a connection into a `Response`, which resolves with the headers, or with the
 * whole of a small body. An abort of `signal` ends the exchange on both sides.
 */
export function receive(
  signal: AbortSignal,
  dispatch: (handler: Dispatcher.DispatchHandler) => void,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    let connection: Controller | undefined;
    let sink: Sink | undefined;
    const onAbort = (): void => {
      reject(signal.reason);
      sink?.fail(signal.reason);
      connection?.abort(errorOf(signal.reason));
    };
    signal.addEventListener("abort", onAbort, { once: true });
    dispatch({
      onRequestStart(controller) {
        connection = controller;
        if (signal.aborted) controller.abort(errorOf(signal.reason));
      },
      onResponseStart(controller, status, headers, statusText) {
        if (status < 200) return;
        const init = { status, statusText: statusText ?? "", headers: responseHeaders(headers) };
        const length = Number(headers["content-length"] ?? Number.NaN);
        if (withoutBody.has(status)) {
          sink = discard;
          resolve(new Response(null, init));
        } else if (length <= smallBody) {
          sink = collect((bytes) => resolve(new Response(bytes.byteLength === 0 ? null : bytes, init)));
        } else {
          const streamed = stream(controller);
          sink = streamed;
          resolve(new Response(streamed.body, init));
        }
      },
      onResponseData: (_, chunk) => sink?.add(chunk),
      onResponseEnd() {
        signal.removeEventListener("abort", onAbort);
        sink?.end();
      },
      onResponseError(_, error) {
        signal.removeEventListener("abort", onAbort);
        // A request starts on a connection; before there is one nothing has gone out.
        reject(connection ? error : new NeverSent(error));
        sink?.fail(error);
      },
    });
  });
}

interface Sink {
  add(chunk: Uint8Array): void;
  end(): void;
  fail(error: unknown): void;
}

const discard: Sink = { add: () => undefined, end: () => undefined, fail: () => undefined };

function collect(done: (bytes: Uint8Array<ArrayBuffer>) => void): Sink {
  const chunks: Uint8Array[] = [];
  return {
    add: (chunk) => chunks.push(chunk),
    end: () => done(Buffer.concat(chunks)),
    fail: () => undefined,
  };
}

/** Reads no faster than the reader: the connection is paused while a chunk waits. */
function stream(connection: Controller): Sink & { body: ReadableStream<Uint8Array<ArrayBuffer>> } {
  let controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  let ended = false;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      start(given) {
        controller = given;
      },
      pull: () => connection.resume(),
      cancel(reason) {
        ended = true;
        connection.abort(errorOf(reason));
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: smallBody }),
  );
  return {
    body,
    add(chunk) {
      if (ended) return;
      controller?.enqueue(new Uint8Array(chunk));
      if ((controller?.desiredSize ?? 0) <= 0) connection.pause();
    },
    end() {
      if (!ended) controller?.close();
      ended = true;
    },
    fail(error) {
      if (!ended) controller?.error(error);
      ended = true;
    },
  };
}

/** A plain record where it will do: on Node it reaches the client's socket without becoming a `Headers`. */
function responseHeaders(headers: IncomingHttpHeaders): Record<string, string> | Headers {
  const passes = carriedOn(headers.connection);
  const entries = Object.entries(headers).filter(([name]) => passes(name));
  if (!entries.some(([, value]) => Array.isArray(value)))
    return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
  const several = new Headers();
  for (const [name, value] of entries) for (const one of [value ?? []].flat()) several.append(name, one);
  return several;
}

const errorOf = (reason: unknown): Error =>
  reason instanceof Error ? reason : new Error("The exchange was aborted", { cause: reason });
