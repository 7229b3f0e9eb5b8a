import { responseType, seal } from "./envelope.ts";
import type { KeyRing } from "./key-ring.ts";
import { communicationHeader, messageHeader, sealedType } from "./sealed-message.ts";

/** What an encrypted answer is an answer to. */
export interface AnswerTo {
  ring: KeyRing;
  kid: string;
  /** Who answers. */
  self: string;
  /** Who asked, where that is known. */
  caller: string | undefined;
  method: string;
  target: string;
  /** The `jti` of the request, where that was encrypted. */
  request: string | undefined;
}

/** What tells something of the content, and means nothing beside another one. */
const telling = ["content-length", "content-type", "etag", "last-modified"];

/**
 * An answer whose content nobody reads without the key, and whose status nobody changes unnoticed. The whole body is
 * held in memory.
 */
export async function sealAnswer(response: Response, to: AnswerTo): Promise<Response> {
  const headers = new Headers(response.headers);
  const type = headers.get("content-type");
  for (const name of telling) headers.delete(name);
  headers.set(communicationHeader, "encrypted");
  headers.set("cache-control", "no-store");
  const hasBody = response.body !== null;
  const content = hasBody ? new Uint8Array(await response.arrayBuffer()) : new Uint8Array();
  const { status } = response;
  const text = await seal(
    content,
    {
      typ: responseType,
      iss: to.self,
      htm: to.method,
      htu: to.target,
      status,
      ...(hasBody && type !== null && { cty: type }),
      ...(to.caller !== undefined && { aud: to.caller }),
      ...(to.request !== undefined && { req: to.request }),
    },
    to.ring,
    to.kid,
  );
  headers.set(hasBody ? "content-type" : messageHeader, hasBody ? sealedType : text);
  return new Response(hasBody ? text : null, { status, headers });
}
