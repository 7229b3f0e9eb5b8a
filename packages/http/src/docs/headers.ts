/** The headers of answers that the documents describe, by the name of their component. */
export const headerComponents = {
  "x-request-id": text("Finds the request in the logs; the client's own, where it sent one"),
  "ratelimit-limit": count("Requests the window allows"),
  "ratelimit-remaining": count("Requests the window still allows"),
  "ratelimit-reset": count("Seconds until the window ends"),
  "retry-after": count("Seconds after which a repeat makes sense"),
  "cache-control": text("For how long the answer may be given again", "public, max-age=5, stale-while-revalidate=60"),
  age: count("Seconds since the answer was made, where the router has kept it"),
  "cache-status": text("Whether the router's cache had it, and why not (RFC 9211)", "trivet; hit; ttl=3"),
  etag: text("The version of what is answered; for `If-None-Match` and `If-Match`", '"kXz3nCJ0Q2-fJ8m4V1bT6g"'),
  link: text("The next page, where there is one (RFC 8288)", '</users/blocks?cursor=abc>; rel="next"'),
  "idempotency-replayed": text("`true` where this is the stored answer to an earlier request with the key", "true"),
  location: text("Where to go"),
  "www-authenticate": text("The scheme that is expected (RFC 9110, 11.6.1)", 'Bearer realm="trivet"'),
  allow: text("The methods that the address answers", "GET, HEAD, OPTIONS"),
} as const;

export type HeaderName = keyof typeof headerComponents;

/** What every answer has, and what those have that the router counts against a limit. */
export const everywhere: readonly HeaderName[] = ["x-request-id"];
export const limited: readonly HeaderName[] = ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"];

/** References to headers, for the `headers` of a response. */
export const headersNamed = (names: Iterable<HeaderName>): Record<string, { $ref: string }> =>
  Object.fromEntries([...names].map((name) => [name, { $ref: `#/components/headers/${name}` }]));

function text(description: string, example?: string) {
  return { description, schema: { type: "string" as const }, ...(example !== undefined && { example }) };
}

function count(description: string) {
  return { description, schema: { type: "integer" as const, minimum: 0 } };
}
