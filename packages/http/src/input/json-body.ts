import { TrivetError } from "@trivet/platform";
import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { deepestJson, membersIn, outlineOf } from "./json-outline.ts";
import { readMediaType } from "./media-type.ts";
import { tooLarge } from "./upload.ts";

/** RFC 8259 JSON and the `+json` types built on it (RFC 6839). */
const jsonType = /^application\/(?:[^/]+\+)?json$/;
/** As it is written most often, and as the contract's validator reads it, too. */
const usualType = /^application\/json(?:; ?charset=utf-8)?$/i;

/** One mebibyte, unless a route says otherwise. */
export const defaultBodyLimit = 1024 * 1024;

/**
 * Reads a JSON body before the contract's validator does: refuses other media types (415), bodies
 * over `limit` bytes (413), and text that is not UTF-8, not JSON, names a field twice or cannot be
 * stored (400), each with a sentence on what was expected. A `beacon` may call its JSON plain text.
 */
export const jsonBody = (limit: number, beacon = false) =>
  createMiddleware(async (c, next) => {
    const sent = c.req.header("content-type") ?? "";
    const isUsual = usualType.test(sent);
    if (!isUsual && !isJson(sent, beacon)) {
      throw new TrivetError("unsupported_media_type", undefined, { headers: { accept: "application/json" } });
    }
    const encoding = c.req.header("content-encoding");
    if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
      throw new TrivetError("unsupported_media_type", "Send the body without Content-Encoding.", {
        headers: { "accept-encoding": "identity" },
      });
    }
    const value = parseJson(decodeUtf8(await readBody(c, limit)));
    if (!isUsual) c.req.raw = asJson(c.req.raw);
    c.req.json = () => parsed(value);
    await next();
  });

function isJson(sent: string, beacon: boolean): boolean {
  const type = readMediaType(sent);
  if (!type || !/^utf-?8$/.test(type.charset ?? "utf-8")) return false;
  return jsonType.test(type.essence) || (beacon && type.essence === "text/plain");
}

/** For a request's `json()`, whose own would write a cached value out as text and parse that again; it is typed by who asks. */
const parsed = <T>(value: unknown): Promise<T> => Promise.resolve(value as T);

/** The request whose body has been read, as the contract's validator wants to see it: that looks at the type once more. */
function asJson({ url, method, headers }: Request): Request {
  const changed = new Headers(headers);
  changed.set("content-type", "application/json");
  return new Request(url, { method, headers: changed });
}

/** The whole body; `payload_too_large` as soon as it is known to be longer than `limit` bytes. */
export async function readBody(c: Context, limit: number): Promise<Uint8Array> {
  const length = c.req.header("content-length");
  if (length !== undefined && Number(length) > limit) throw tooLarge(limit);
  try {
    // With a length the server enforces it; without one the stream has to be counted.
    if (length !== undefined) return new Uint8Array(await c.req.raw.arrayBuffer());
    return await countedBody(c.req.raw.body, limit);
  } catch (cause) {
    if (cause instanceof TrivetError) throw cause;
    throw new TrivetError("malformed_request", "The body ended before it was whole.", { cause });
  }
}

async function countedBody(body: ReadableStream<Uint8Array> | null, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of body ?? []) {
    total += chunk.byteLength;
    if (total > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  const whole = new Uint8Array(total);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new TrivetError("malformed_request", "The body is not valid UTF-8.", { cause });
  }
}

function parseJson(text: string): unknown {
  if (text.trim() === "") throw new TrivetError("malformed_request", "The body is empty; a JSON value was expected.");
  const outline = outlineOf(text);
  if (outline.isTooDeep) {
    throw new TrivetError("malformed_request", `The body nests deeper than ${deepestJson} levels.`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // Without the position: engines name it differently or not at all, and their message may repeat the body.
    throw new TrivetError("malformed_request", "The body is not valid JSON.", { cause });
  }
  // Only an escape can bring NUL or half a surrogate pair into valid UTF-8, so most bodies skip the walk.
  if (text.includes("\\u")) assertStorable(value);
  // JSON.parse keeps the last of two; whoever checked the body on its way may have read the first (RFC 8259, 4).
  if (membersIn(value) !== outline.members) {
    throw new TrivetError("malformed_request", "An object of the body names a field twice.");
  }
  return value;
}

/** Refuses strings that no JSON database column can hold (RFC 8259, 8.2; Postgres has no NUL). */
function assertStorable(root: unknown): void {
  const pending = [root];
  while (pending.length > 0) {
    const value = pending.pop();
    if (typeof value === "string") assertText(value);
    else if (typeof value === "object" && value !== null) {
      for (const [key, member] of Object.entries(value)) {
        assertText(key);
        pending.push(member);
      }
    }
  }
}

function assertText(value: string): void {
  if (value.isWellFormed() && !value.includes("\u0000")) return;
  throw new TrivetError("malformed_request", "The body contains a NUL character or half of a surrogate pair.");
}
