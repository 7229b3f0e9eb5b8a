import { openAsBlob } from "node:fs";
import type { Message, Transport } from "./transport.ts";

/** What Bun's `fetch` takes beyond the standard: the body stays as encoded as it came. */
interface BunRequestInit extends RequestInit {
  decompress: boolean;
}

export function openTransport(): Transport {
  return {
    async send({ url, method, headers, body }, signal) {
      // Bun would ask for compression on its own account.
      headers.set("accept-encoding", "identity");
      const init: BunRequestInit = {
        method,
        headers,
        body: await outgoing(body),
        redirect: "manual",
        decompress: false,
        signal,
      };
      return await fetch(url, init);
    },
    close: () => Promise.resolve(),
  };
}

const outgoing = async (body: Message["body"]): Promise<BodyInit | null> => {
  if (body === undefined) return null;
  return "bytes" in body ? body.bytes : await openAsBlob(body.path);
};
