import { base64url, CompactEncrypt, type CompactJWEHeaderParameters, compactDecrypt } from "jose";
import { z } from "zod";
import { isCanonical } from "../is-canonical.ts";
import { EnvelopeFault } from "./envelope-fault.ts";
import type { KeyRing } from "./key-ring.ts";

/** RFC 8725, 3.11: by an explicit type an answer cannot be passed for a request. */
export const requestType = "trivet-request+jwe";
export const responseType = "trivet-response+jwe";

const algorithm = "dir";
const encryption = "A256GCM";

/** Seconds for which a message is good. */
export const messageLifetime = 60;
/** Seconds by which two clocks may differ, either way. */
export const clockTolerance = 30;

/** Of what has a body: what the header may add to the body's own length, which base64url makes a third longer. */
const headerAllowance = 16_384;
export const sealedLength = (length: number): number => Math.ceil((length * 4) / 3) + headerAllowance;

const seconds = z.int().nonnegative();
const party = z.string().regex(/^[\w.:-]{1,64}$/);
const messageId = z.string().regex(/^[\w-]{16,64}$/);

/** What the protected header binds a message to; GCM authenticates it with the content. Strict: no `crit`, no `zip`. */
const common = {
  alg: z.literal(algorithm),
  enc: z.literal(encryption),
  kid: z.string().regex(/^[\w-]{43}$/),
  /** Who speaks. */
  iss: party,
  iat: seconds,
  exp: seconds,
  /** Method and target (path and query) of the request, as in RFC 9449. */
  htm: z.string(),
  htu: z.string(),
  /** The media type of the content, where there is one. */
  cty: z.string().max(255).exactOptional(),
};

export const requestHeader = z.strictObject({
  ...common,
  typ: z.literal(requestType),
  /** Who is spoken to. */
  aud: party,
  jti: messageId,
});

export const responseHeader = z.strictObject({
  ...common,
  typ: z.literal(responseType),
  aud: party.exactOptional(),
  status: z.int().min(200).max(599),
  /** The `jti` of the request, where that was encrypted. */
  req: messageId.exactOptional(),
});

type Header = z.output<typeof requestHeader> | z.output<typeof responseHeader>;
type Distributive<Value, Omitted extends string> = Value extends unknown ? Omit<Value, Omitted> : never;
/** What is to be said of a message; the rest of its header is made. */
export type Claims = Distributive<Header, "alg" | "enc" | "kid" | "iat" | "exp">;

/** The compact JWE of a message, under the key of this id. */
export async function seal(
  content: Uint8Array,
  claims: Claims,
  ring: KeyRing,
  kid: string = ring.current,
): Promise<string> {
  const key = await ring.find(kid);
  if (key === undefined) throw new EnvelopeFault("unknown_key");
  const iat = Math.floor(Date.now() / 1_000);
  const times = { iat, exp: iat + messageLifetime };
  const header: CompactJWEHeaderParameters = { alg: algorithm, enc: encryption, kid, ...claims, ...times };
  return await new CompactEncrypt(content).setProtectedHeader(header).encrypt(key);
}

export interface Opened<Known> {
  header: Known;
  content: Uint8Array<ArrayBuffer>;
}

/**
 * The content of a compact JWE and what it is bound to. Stricter than RFC 7516 where leniency has been abused:
 * base64url must be canonical, no parameter may come twice, and none but those of the schema may appear. Nothing
 * of a header is believed, or told, before the content has decrypted. Throws `EnvelopeFault`.
 */
export async function open<Known extends Header>(
  text: string,
  schema: z.ZodType<Known>,
  ring: KeyRing,
): Promise<Opened<Known>> {
  const header = readHeader(text, schema);
  const key = await ring.find(header.kid);
  if (key === undefined) throw new EnvelopeFault("unknown_key");
  const options = { keyManagementAlgorithms: [algorithm], contentEncryptionAlgorithms: [encryption] };
  const opened = await compactDecrypt(text, key, options).catch(() => {
    throw new EnvelopeFault("tampered");
  });
  return { header, content: new Uint8Array(opened.plaintext) };
}

/** Throws unless a message that has decrypted is of this time. */
export function assertTimely({ iat, exp }: Pick<Header, "iat" | "exp">): void {
  const now = Date.now() / 1_000;
  if (exp <= iat || exp - iat > messageLifetime) throw new EnvelopeFault("misdirected");
  if (iat > now + clockTolerance) throw new EnvelopeFault("early");
  if (exp < now - clockTolerance) throw new EnvelopeFault("expired");
}

function readHeader<Known extends Header>(text: string, schema: z.ZodType<Known>): Known {
  const parts = text.split(".");
  const [encoded = "", key, vector = "", content = "", tag = ""] = parts;
  const isWhole = parts.length === 5 && key === "" && vector.length === 16 && tag.length === 22;
  if (!isWhole || encoded.length > headerAllowance) throw new EnvelopeFault("malformed");
  if (![encoded, vector, content, tag].every(isCanonical)) throw new EnvelopeFault("malformed");
  const header = schema.safeParse(flatObject(encoded));
  if (!header.success) throw new EnvelopeFault("malformed");
  return header.data;
}

/** The object that a JSON text is, unless it names a member twice: who reads the first believes another one. */
function flatObject(encoded: string): unknown {
  try {
    const bytes = base64url.decode(encoded);
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    const names = [...text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, colon]) => colon !== undefined);
    if (typeof value === "object" && value !== null && Object.keys(value).length === names.length) return value;
  } catch {
    // Refused below.
  }
  return undefined;
}
