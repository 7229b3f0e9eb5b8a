import { base64url, calculateJwkThumbprint, compactDecrypt } from "jose";
import { z } from "zod";

/** An encrypted request by nothing but Web Crypto and the documents, as somebody writes it who has none of our code. */
export interface OutsideMessage {
  key: string;
  method: string;
  /** Path and query. */
  target: string;
  caller: string;
  callee: string;
  content?: Uint8Array | string;
  type?: string;
  /** Members of the protected header that are to be different; undefined leaves one out. */
  header?: Record<string, unknown>;
}

export const bytesOf = (key: string): Uint8Array<ArrayBuffer> => new Uint8Array(base64url.decode(key));

export async function outsideMessage(message: OutsideMessage): Promise<string> {
  const { key, method, target, caller, callee, content = "", type, header = {} } = message;
  const now = Math.floor(Date.now() / 1_000);
  const whole = {
    alg: "dir",
    enc: "A256GCM",
    kid: await calculateJwkThumbprint({ kty: "oct", k: key }),
    typ: "trivet-request+jwe",
    iss: caller,
    aud: callee,
    iat: now,
    exp: now + 60,
    jti: crypto.randomUUID(),
    htm: method,
    htu: target,
    ...(type !== undefined && { cty: type }),
    ...header,
  };
  return await sealedUnder(key, JSON.stringify(whole), content);
}

/** RFC 7516, 5.1, for `dir` and `A256GCM`: whatever the header says. */
export async function sealedUnder(key: string, header: string, content: Uint8Array | string): Promise<string> {
  const vector = crypto.getRandomValues(new Uint8Array(12));
  const encoded = base64url.encode(header);
  const additionalData = new TextEncoder().encode(encoded);
  const secret = await crypto.subtle.importKey("raw", bytesOf(key), "AES-GCM", false, ["encrypt"]);
  const plain = typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(content);
  const sealed = new Uint8Array(
    await crypto.subtle.encrypt({ name: "AES-GCM", iv: vector, additionalData }, secret, plain),
  );
  const parts = [vector, sealed.subarray(0, -16), sealed.subarray(-16)].map((part) => base64url.encode(part));
  return [encoded, "", ...parts].join(".");
}

const answerHeader = z.looseObject({ typ: z.string(), iss: z.string(), status: z.number() });

/** What an encrypted answer says, and what it is bound to. */
export async function readOutside(response: Response, key: string) {
  const text = response.headers.get("x-encrypted-message") ?? (await response.text());
  const { plaintext, protectedHeader } = await compactDecrypt(text, bytesOf(key));
  return { header: answerHeader.parse(protectedHeader), text: new TextDecoder().decode(plaintext) };
}
