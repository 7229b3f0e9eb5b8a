import { assertTimely, open, requestHeader } from "./envelope.ts";
import { EnvelopeFault } from "./envelope-fault.ts";
import type { KeyRing } from "./key-ring.ts";
import { messageHeader, targetOf } from "./sealed-message.ts";

export interface OpenedRequest {
  /** The request as it was before it was encrypted. */
  request: Request;
  /** Its own id, which no other request may have. */
  id: string;
  /** Who says to have made it; a holder of the key. */
  caller: string;
  /** The id of the key, under which to answer. */
  kid: string;
}

/**
 * Opens a request that was encrypted for `self`. `body` is what came as
 * `application/jose`, undefined where nothing did. Throws
 * `EnvelopeFault`; whether the request came before is not known here.
 */
export async function openRequest(
  sent: Request,
  body: Uint8Array | undefined,
  { self, ring }: { self: string; ring: KeyRing },
): Promise<OpenedRequest> {
  const { header, content } = await open(textOf(sent.headers, body), requestHeader, ring);
  const isBound = header.aud === self && header.htm === sent.method && header.htu === targetOf(sent.url);
  // Without a place for content there can be none; and a type is that of a content.
  if (!isBound || (body === undefined && content.byteLength > 0)) throw new EnvelopeFault("misdirected");
  assertTimely(header);
  const { jti: id, iss: caller, kid } = header;
  return { request: plainRequest(sent, content, header.cty), id, caller, kid };
}

function textOf(headers: Headers, body: Uint8Array | undefined): string {
  const inHeader = headers.get(messageHeader);
  // In one place: of two messages nobody could say which is meant.
  if ((inHeader === null) === (body === undefined)) throw new EnvelopeFault("malformed");
  if (inHeader === null) return new TextDecoder("utf-8", { ignoreBOM: true }).decode(body);
  const isAlone = !headers.has("content-type") && Number(headers.get("content-length") ?? 0) === 0;
  if (!isAlone) throw new EnvelopeFault("malformed");
  return inHeader;
}

function plainRequest(sent: Request, content: Uint8Array<ArrayBuffer>, type: string | undefined): Request {
  const headers = new Headers(sent.headers);
  for (const name of [messageHeader, "content-type", "content-length", "content-encoding"]) headers.delete(name);
  const init: RequestInit = { method: sent.method, headers, signal: sent.signal };
  if (content.byteLength > 0) {
    init.body = content;
    headers.set("content-length", String(content.byteLength));
    if (type !== undefined) headers.set("content-type", type);
  }
  return new Request(sent.url, init);
}
