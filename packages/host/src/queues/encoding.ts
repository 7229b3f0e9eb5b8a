import { deserialize, serialize } from "node:v8";
import type { QueueContentType } from "@trivet/platform";
import type { Parcel } from "./driver.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Throws the TypeErrors that workerd throws. */
export function encodeBody(body: unknown, contentType: QueueContentType = "json"): Parcel {
  if (body === undefined) throw new TypeError("Message body cannot be undefined");
  switch (contentType) {
    case "json":
      return { contentType, body: encoder.encode(toJson(body)) };
    case "text":
      if (typeof body === "string") return { contentType, body: encoder.encode(body) };
      throw mismatch(contentType, "string", body);
    case "bytes":
      if (ArrayBuffer.isView(body)) {
        // A copy: the sender may write to its buffer while the message waits to be stored.
        return { contentType, body: new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice() };
      }
      throw mismatch(contentType, "ArrayBufferView", body);
    case "v8":
      return { contentType, body: serialize(body) };
    default:
      throw new TypeError(`Unsupported queue message content type: ${String(contentType)}`);
  }
}

/** The body as a consumer sees it. */
export function decodeBody({ contentType, body }: Parcel): unknown {
  switch (contentType) {
    case "json":
      return JSON.parse(decoder.decode(body));
    case "text":
      return decoder.decode(body);
    case "bytes":
      // A copy: what came from a socket may share its memory with what else came.
      return new Uint8Array(body).buffer;
    case "v8":
      return deserialize(body);
  }
}

/** A function has no JSON, of which `JSON.stringify` says undefined. */
function toJson(body: unknown): string {
  const text: string | undefined = JSON.stringify(body);
  if (text === undefined) throw new TypeError(`Message body cannot be a ${typeof body}`);
  return text;
}

const mismatch = (contentType: string, wanted: string, body: unknown): TypeError =>
  new TypeError(`Content Type "${contentType}" requires a value of type ${wanted}, but received: ${typeof body}`);
