import type { Env } from "./env.ts";

/** What a page of an allowed origin may read of an answer beside the safelisted headers. */
const exposed =
  "etag, link, location, ratelimit-limit, ratelimit-policy, ratelimit-remaining, ratelimit-reset, retry-after, x-request-id";
const methods = "GET, HEAD, POST, PUT, PATCH, DELETE";
const headersAllowed =
  "authorization, content-type, idempotency-key, if-match, if-none-match, x-api-key, x-request-id, traceparent, tracestate";
const preflightSeconds = 7_200;

/** The answer to a CORS preflight (https://fetch.spec.whatwg.org/#cors-preflight-fetch), if it is one. */
export function preflight(request: Request): Response | undefined {
  const { headers } = request;
  if (request.method !== "OPTIONS" || !headers.has("origin") || !headers.has("access-control-request-method")) {
    return undefined;
  }
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": methods,
      "access-control-allow-headers": headersAllowed,
      "access-control-max-age": String(preflightSeconds),
    },
  });
}

/**
 * Lets pages of the listed origins read the answer, with credentials. The origin is named, never `*`,
 * and `Vary` keeps a cache from giving one origin's answer to another.
 */
export function addCorsHeaders(headers: Headers, request: Request, origins: Env["CORS_ORIGINS"]): void {
  if (origins.length === 0) return;
  headers.append("vary", "Origin");
  const origin = request.headers.get("origin");
  if (origin === null || !(origins.includes("*") || origins.includes(origin))) return;
  headers.set("access-control-allow-origin", origin);
  headers.set("access-control-allow-credentials", "true");
  headers.set("access-control-expose-headers", exposed);
}
