import { carriedOn } from "./hop-by-hop.ts";
import { NeverSent } from "./never-sent.ts";
import { outgoingBody } from "./outgoing-body.ts";
import { type HttpBinding, type HttpClient, replicatedBinding } from "./replicas.ts";
import { targetOf } from "./target.ts";

/** What Bun's `fetch` takes beyond the standard: the body stays as encoded as it came. */
interface BunRequestInit extends RequestInit {
  decompress: boolean;
  duplex: "half";
}

/** Bun's own `fetch`, which keeps connections by itself. The same promises as `http.node.ts`. */
export const httpBinding = (service: string, urls: readonly URL[]): HttpBinding =>
  replicatedBinding(service, urls, bunFetch(urls.length > 1));

/** `repeatable`: whether a body may have to be sent to another address. */
const bunFetch = (repeatable: boolean): HttpClient<() => RequestInit["body"]> => ({
  async bodyOf(request) {
    if (!repeatable) return () => request.body;
    const body = await outgoingBody(request);
    return () => (typeof body === "function" ? streamOf(body()) : body);
  },
  open: ({ origin }) => ({
    async send(request, body) {
      const init: BunRequestInit = {
        method: request.method,
        headers: outgoingHeaders(request.headers),
        body: body?.() ?? null,
        duplex: "half",
        decompress: false,
        redirect: "manual",
        signal: request.signal,
      };
      const response = await fetch(origin + targetOf(request.url), init).catch((cause: unknown) => {
        throw isUnsent(cause) ? new NeverSent(cause) : cause;
      });
      removeHopByHop(response.headers);
      return response;
    },
    close: () => Promise.resolve(),
  }),
});

/** How Bun says that it has no connection; that one broke, it says otherwise. */
const unsent = new Set(["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "EAI_AGAIN"]);

const isUnsent = (cause: unknown): boolean =>
  cause instanceof Error && "code" in cause && typeof cause.code === "string" && unsent.has(cause.code);

/** Reads a piece when one is asked for, and none before: what has not been read can be sent to somebody else. */
function streamOf(pieces: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      async pull(controller) {
        const next = await pieces.next();
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
      cancel: async () => void (await pieces.return(undefined)),
    },
    { highWaterMark: 0 },
  );
}

function outgoingHeaders(headers: Headers): Headers {
  const passes = carriedOn(headers.get("connection"));
  const result = new Headers();
  headers.forEach((value, name) => {
    if (passes(name) && name !== "expect") result.append(name, value);
  });
  // Bun would ask for compression on its own account, and nobody here would undo it.
  if (!result.has("accept-encoding")) result.set("accept-encoding", "identity");
  return result;
}

function removeHopByHop(headers: Headers): void {
  const passes = carriedOn(headers.get("connection"));
  for (const name of [...headers.keys()]) if (!passes(name)) headers.delete(name);
}
