import { type Directives, directivesOf } from "./directives.ts";

/** A request as the cache reads it. */
export interface Asked {
  method: "GET" | "HEAD";
  /** What the service is asked for: its own path with the query, so that all public names of it are one. */
  key: string;
  headers: Headers;
  directives: Directives;
  /** Whether it shows who asks: then only an answer that is the same for everybody will do. */
  hasCredentials: boolean;
}

const credentials = ["authorization", "cookie", "x-api-key", "x-service-token"];
/** Of these the service's answer depends in ways that no stored one can show; it has to be asked. */
const passing = [
  "range",
  "if-match",
  "if-unmodified-since",
  "if-range",
  "upgrade",
  "x-encrypt-response",
  "x-service-communication",
];

/** What is asked of the cache; undefined where the request passes it by. */
export function askedOf({ method, headers, body }: Request, key: string): Asked | undefined {
  if ((method !== "GET" && method !== "HEAD") || body !== null) return undefined;
  if (passing.some((name) => headers.has(name))) return undefined;
  const hasCredentials = credentials.some((name) => headers.has(name));
  return { method, key, headers, directives: requested(headers), hasCredentials };
}

/** `Pragma: no-cache` is what HTTP/1.0 had for it (RFC 9111, 5.4). */
function requested(headers: Headers): Directives {
  const control = headers.get("cache-control");
  if (control !== null || headers.get("pragma")?.toLowerCase() !== "no-cache") return directivesOf(control);
  return directivesOf("no-cache");
}

/**
 * What an answer may be made from and still be everybody's: what clients send as a matter of course, and what the router
 * says. A header of another name may have changed it without a word in `Vary`, so that answer is not kept.
 */
const usual = new Set([
  "accept",
  "accept-charset",
  "accept-encoding",
  "accept-language",
  // Of a request that shows who asks, an answer is kept only where the service calls it everybody's.
  "authorization",
  "cache-control",
  "cookie",
  "dnt",
  "origin",
  "pragma",
  "priority",
  "referer",
  "save-data",
  "traceparent",
  "tracestate",
  "upgrade-insecure-requests",
  "user-agent",
  "via",
  "x-client-ip",
  "x-request-deadline",
  "x-request-id",
  "x-service-token",
]);

/** Of the headers that the service has got. */
export function isUsual(headers: Headers, isForwarded: (name: string) => boolean): boolean {
  for (const name of headers.keys()) {
    if (isForwarded(name) && !usual.has(name) && !name.startsWith("sec-") && !name.startsWith("if-")) return false;
  }
  return true;
}
