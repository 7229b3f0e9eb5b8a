import { newId } from "../ids.ts";
import { assertTimely, open, requestType, responseHeader, seal } from "./envelope.ts";
import { EnvelopeFault } from "./envelope-fault.ts";
import type { KeyRing } from "./key-ring.ts";
import { communicationHeader, messageHeader, saysEncrypted, sealedType, targetOf } from "./sealed-message.ts";

/** A request that is to be made, from one service to another. */
export interface PlainRequest {
  self: string;
  callee: string;
  method: string;
  url: string;
  body: string | undefined;
}

/** One try of an encrypted request. A further one is another message: an id is good once. */
export interface SealedTry {
  headers: Record<string, string>;
  body: string | undefined;
  /** The answer as it was before it was encrypted. Throws `EnvelopeFault` where it is none to this request. */
  open(answer: Response): Promise<Response>;
}

export async function sealRequest(request: PlainRequest, ring: KeyRing): Promise<SealedTry> {
  const { self, callee, method, url, body } = request;
  const bound = { htm: method, htu: targetOf(url) };
  const jti = newId();
  const kid = ring.current;
  const type = body === undefined ? {} : { cty: "application/json" };
  const claims = { typ: requestType, iss: self, aud: callee, jti, ...bound, ...type } as const;
  const text = await seal(new TextEncoder().encode(body ?? ""), claims, ring, kid);
  const place = body === undefined ? { [messageHeader]: text } : { "content-type": sealedType };
  return {
    headers: { [communicationHeader]: "encrypted", ...place },
    body: body === undefined ? undefined : text,
    open: (answer) => openAnswer(answer, { ...bound, kid, iss: callee, aud: self, req: jti }, ring),
  };
}

interface Expected {
  kid: string;
  iss: string;
  aud: string;
  htm: string;
  htu: string;
  req: string;
}

/**
 * What is not encrypted is believed only as the failure that it is anyway: whoever stands between could have made a
 * refusal, or an answer, of it.
 */
async function openAnswer(answer: Response, expected: Expected, ring: KeyRing): Promise<Response> {
  if (!saysEncrypted(answer.headers)) {
    if (answer.status >= 500) return answer;
    await answer.body?.cancel();
    throw new EnvelopeFault("malformed");
  }
  const text = answer.headers.get(messageHeader) ?? (await answer.text());
  const { header, content } = await open(text, responseHeader, ring);
  const names = ["kid", "iss", "aud", "htm", "htu", "req"] as const;
  const isOurs = names.every((name) => header[name] === expected[name]);
  if (!isOurs || header.status !== answer.status) throw new EnvelopeFault("misdirected");
  assertTimely(header);
  const headers = new Headers(answer.headers);
  headers.delete("content-type");
  headers.delete("content-length");
  if (header.cty !== undefined) headers.set("content-type", header.cty);
  return new Response(content.byteLength === 0 ? null : content, { status: answer.status, headers });
}
