import { sharedBody } from "@trivet/platform";
import { acceptedEncoding, type Encoding } from "./accepted.ts";
import { codecs } from "./coders.ts";
import { encodeStream } from "./encode-stream.ts";
import { takeWhole } from "./take-whole.ts";

/** A request, as far as its answer's encoding depends on it. */
export interface Asking {
  method: string;
  header(name: "accept-encoding" | "cookie" | "if-none-match" | "sec-fetch-site"): string | null | undefined;
}

/** What a response is made of, where the server sees it without turning it into a stream; undefined where it does not. */
export type WholeBody = string | Uint8Array | null | undefined;

/** What is shorter fits a packet or two either way. */
const shortest = 1024;
/** Bytes that are compressed in this turn of the event loop, in less time than it takes to have a thread do it. */
const longestNow = 64 * 1024;

const compressible =
  /^(?:text\/(?!event-stream)|application\/(?:json|javascript|xml|wasm|yaml|x-ndjson|manifest\+json|vnd\.ms-fontobject)\b|font\/(?:ttf|otf)|image\/(?:svg\+xml|bmp|x-icon)|[\w.-]+\/[\w.-]+\+(?:json|xml|yaml)\b)/i;

/** Answers that others have, too, in the forms they have been given in. Held no longer than whatever stands for them. */
const made = new WeakMap<object, Map<Encoding, Uint8Array<ArrayBuffer>>>();

/**
 * The answer in the best encoding that the client takes, if that is worth it; the very same otherwise. An answer that streams
 * goes on streaming.
 */
export function compress(response: Response, asking: Asking, body: WholeBody): Response | Promise<Response> {
  // Most answers are short, and nothing is looked at for them.
  if (body && body.length < shortest) return response;
  const { status, headers } = response;
  if (status === 304) return sameForm(response, asking);
  if (status < 200 || status === 204 || status === 206 || !isCompressible(headers)) return response;
  const length = headers.get("content-length");
  if (length !== null && Number(length) < shortest) return response;
  const encoding = isSafe(headers, asking) ? acceptedEncoding(asking.header("accept-encoding")) : undefined;
  if (asking.method === "HEAD" || body === null) return withHeaders(response, length === null ? undefined : encoding);
  if (encoding === undefined) return withHeaders(response, undefined);
  if (body !== undefined) return encodeWhole(response, body, encoding);
  return encodeUnknown(response, encoding);
}

const isCompressible = (headers: Headers): boolean =>
  compressible.test(headers.get("content-type") ?? "") &&
  !headers.has("content-encoding") &&
  !headers.has("content-range") &&
  !/\bno-transform\b/i.test(headers.get("cache-control") ?? "");

/**
 * Whether its length may depend on what is in it. An attacker who has a victim's browser ask again and again, each time
 * with another guess that the answer repeats, learns from lengths what else is in it (BREACH): so not what
 * may not be stored, such as tokens, and nothing that a browser sends its cookies for on behalf of another site.
 */
function isSafe(headers: Headers, asking: Asking): boolean {
  if (/\bno-store\b/i.test(headers.get("cache-control") ?? "")) return false;
  const site = asking.header("sec-fetch-site");
  return !asking.header("cookie") || !site || site === "same-origin" || site === "none";
}

function encodeWhole(response: Response, body: string | Uint8Array, encoding: Encoding): Response | Promise<Response> {
  const shared: unknown = Reflect.get(response, sharedBody);
  const forms = typeof shared === "object" && shared !== null ? formsOf(shared) : undefined;
  const known = forms?.get(encoding);
  if (known) return withHeaders(response, encoding, known);
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const keep = (encoded: Uint8Array<ArrayBuffer>): Response => {
    forms?.set(encoding, encoded);
    return withHeaders(response, encoding, encoded);
  };
  const { now, aside } = codecs[encoding];
  return bytes.byteLength <= longestNow ? keep(now(bytes)) : aside(bytes).then(keep);
}

function formsOf(shared: object): Map<Encoding, Uint8Array<ArrayBuffer>> {
  const known = made.get(shared);
  if (known) return known;
  const forms = new Map<Encoding, Uint8Array<ArrayBuffer>>();
  made.set(shared, forms);
  return forms;
}

/** Of a body that may be long or short, or come bit by bit. */
async function encodeUnknown(response: Response, encoding: Encoding): Promise<Response> {
  if (response.body === null) return withHeaders(response, undefined);
  const shared: unknown = Reflect.get(response, sharedBody);
  const known = typeof shared === "object" && shared !== null ? formsOf(shared).get(encoding) : undefined;
  if (known) return withHeaders(response, encoding, known);
  const body = await takeWhole(response.body);
  if (body instanceof ReadableStream) return withHeaders(response, encoding, encodeStream(body, encoding));
  if (body.byteLength >= shortest) return await encodeWhole(response, body, encoding);
  return new Response(new Uint8Array(body), { status: response.status, headers: response.headers });
}

/**
 * RFC 9110, 8.8.3: the encoded form is another one, which the same strong tag must not name; a weak one may stand for
 * both. Without an encoding only `Vary` is added: another client would have got another form.
 */
function withHeaders(
  response: Response,
  encoding: Encoding | undefined,
  body: BodyInit | null = response.body,
): Response {
  if (encoding === undefined) return varying(response);
  const headers = new Headers(response.headers);
  addVary(headers);
  headers.set("content-encoding", encoding);
  for (const name of ["content-length", "accept-ranges"]) headers.delete(name);
  const tag = headers.get("etag");
  if (tag?.startsWith('"')) headers.set("etag", `W/${tag}`);
  return new Response(body, { status: response.status, headers });
}

function varying(response: Response): Response {
  try {
    addVary(response.headers);
    return response;
  } catch {
    const headers = new Headers(response.headers);
    addVary(headers);
    return new Response(response.body, { status: response.status, headers });
  }
}

function addVary(headers: Headers): void {
  const vary = headers.get("vary");
  if (vary === null || !/\baccept-encoding\b|\*/i.test(vary)) headers.append("vary", "Accept-Encoding");
}

/** The client that holds the encoded form knows it by the weak tag, and would not find it by the strong one (RFC 9111, 4.3.4). */
function sameForm(response: Response, asking: Asking): Response {
  const tag = response.headers.get("etag");
  if (!tag?.startsWith('"') || !asking.header("if-none-match")?.includes(`W/${tag}`)) return response;
  const headers = new Headers(response.headers);
  headers.set("etag", `W/${tag}`);
  addVary(headers);
  return new Response(null, { status: 304, headers });
}
