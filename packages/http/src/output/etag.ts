import { fingerprint, TrivetError } from "@trivet/platform";
import type { Context, TypedResponse } from "hono";

/** The entity tag of a JSON representation (RFC 9110, 8.8.3). */
export const etagOf = (value: unknown): string => `"${fingerprint(JSON.stringify(value))}"`;

/** Answers 200 with the value and its `ETag`, or 304 when the client holds it already. */
export function withEtag<const T>(c: Context, value: T): TypedResponse<T, 200, "json"> & Response {
  const body = JSON.stringify(value);
  const etag = `"${fingerprint(body)}"`;
  const headers = { "cache-control": "private, no-cache", etag };
  const known = c.req.header("if-none-match");
  if (listsTag(known, etag)) return asJson<T>(c.body(null, 304, headers));
  return asJson<T>(c.body(body, 200, { ...headers, "content-type": "application/json" }));
}

/**
 * Refuses with 412 when the client's `If-Match` names another version than the current one. To be
 * called where the current value is locked, so that two editors cannot both pass.
 */
export function assertMatches(ifMatch: string | undefined, current: unknown): void {
  if (ifMatch === undefined || ifMatch.trim() === "*" || listsTag(ifMatch, etagOf(current))) return;
  throw new TrivetError("precondition_failed");
}

/** Weak comparison, as If-None-Match asks for; our own tags are strong, so it is exact for If-Match too. */
export const listsTag = (list: string | undefined, etag: string): boolean =>
  list?.trim() === "*" || (list?.split(",") ?? []).some((tag) => tag.trim().replace(/^W\//, "") === etag);

/** The body is the JSON text of a T by construction, which Hono's types cannot see through `c.body`. */
const asJson = <T>(response: Response): TypedResponse<T, 200, "json"> & Response =>
  response as TypedResponse<T, 200, "json"> & Response;
