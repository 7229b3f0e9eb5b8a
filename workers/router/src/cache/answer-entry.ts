import { sharedBody } from "@trivet/platform";
import type { Asked } from "./asked.ts";
import { ageOf, type Entry } from "./entry.ts";
import { type CacheStatus, statusText } from "./status.ts";

/** The answer that is kept, to this request: whole, its head alone, or 304 where the client has it already. */
export function answerEntry(entry: Entry, asked: Asked, status: CacheStatus): Response {
  const headers = new Headers(entry.headers);
  headers.set("cache-status", statusText(status));
  if (status.ttl !== undefined) headers.set("age", String(Math.floor(ageOf(entry, Date.now()))));
  if (entry.status === 200 && isUnchanged(asked.headers, entry.headers)) {
    for (const name of ["content-length", "content-type", "content-language"]) headers.delete(name);
    return new Response(null, { status: 304, headers });
  }
  const body = asked.method === "HEAD" || entry.body.byteLength === 0 ? null : entry.body;
  const response = new Response(body, { status: entry.status, headers });
  // What is made of the body on its way out has to be made only once.
  return Object.defineProperty(response, sharedBody, { value: entry });
}

/** RFC 9110, 13.2.2: an entity tag, where the client sent one, outweighs a date; both are compared weakly. */
function isUnchanged(sent: Headers, kept: Headers): boolean {
  const tags = sent.get("if-none-match");
  const tag = kept.get("etag");
  if (tags !== null) return tags.trim() === "*" || (tag !== null && opaqueTags(tags).includes(opaque(tag)));
  const since = Date.parse(sent.get("if-modified-since") ?? "");
  const modified = Date.parse(kept.get("last-modified") ?? "");
  return modified <= since;
}

const opaque = (tag: string): string => tag.trim().replace(/^W\//, "");
/** A comma may be part of a tag (RFC 9110, 8.8.3). */
const opaqueTags = (list: string): string[] => [...list.matchAll(/"[^"]*"/g)].map(([tag]) => tag);
