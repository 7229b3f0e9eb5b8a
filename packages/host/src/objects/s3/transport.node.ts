import { createReadStream } from "node:fs";
import { Agent } from "undici";
import { receive } from "../../services/receive.node.ts";
import { type Message, payloadSize, type Transport } from "./transport.ts";

export function openTransport(): Transport {
  // Deadlines are the client's, who knows how much there is to send.
  const agent = new Agent({ connect: { timeout: 5_000 }, headersTimeout: 0, bodyTimeout: 0, pipelining: 1 });
  return {
    send: ({ url, method, headers, body }, signal) =>
      receive(signal, (handler) =>
        agent.dispatch(
          {
            origin: url.origin,
            path: url.pathname + url.search,
            method,
            headers: [...headers, ...(body ? [["content-length", String(payloadSize(body))]] : [])].flat(),
            body: outgoing(body),
          },
          handler,
        ),
      ),
    close: () => agent.destroy(),
  };
}

const outgoing = (body: Message["body"]) => {
  if (body === undefined) return null;
  return "bytes" in body
    ? Buffer.from(body.bytes.buffer, body.bytes.byteOffset, body.bytes.byteLength)
    : createReadStream(body.path);
};
