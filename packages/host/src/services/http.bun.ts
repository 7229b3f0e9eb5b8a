import { TrivetError } from "@trivet/platform";
import { carriedOn } from "./hop-by-hop.ts";
import type { HttpBinding } from "./http.node.ts";
import { targetOf } from "./target.ts";

/** What Bun's `fetch` takes beyond the standard: the body stays as encoded as it came. */
interface BunRequestInit extends RequestInit {
  decompress: boolean;
  duplex: "half";
}

/** Bun's own `fetch`, which keeps connections by itself. The same promises as `http.node.ts`. */
export function httpBinding(service: string, url: URL): HttpBinding {
  return {
    async fetch(request) {
      const { signal } = request;
      signal.throwIfAborted();
      const init: BunRequestInit = {
        method: request.method,
        headers: outgoingHeaders(request.headers),
        body: request.body,
        duplex: "half",
        decompress: false,
        redirect: "manual",
        signal,
      };
      const response = await fetch(url.origin + targetOf(request.url), init).catch((cause: unknown) => {
        if (signal.aborted) throw signal.reason;
        throw new TrivetError("unavailable", `The ${service} service cannot be reached.`, { cause, retryAfter: 1 });
      });
      removeHopByHop(response.headers);
      return response;
    },
    close: () => Promise.resolve(),
  };
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
