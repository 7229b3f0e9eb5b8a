import { type Directives, directivesOf, secondsOf } from "./directives.ts";

/** For how long an answer may be given again, in seconds since it was made. */
export interface Lifetime {
  fresh: number;
  /** Beyond that, while it is asked for anew in the background. */
  whileRevalidate: number;
  /** Beyond that, while the service does not answer. */
  ifError: number;
}

/** What may be kept of the statuses that can be: whole answers that say something about the address, not about a moment. */
const storable = new Set([200, 203, 301, 308, 404, 410]);

/**
 * How long a shared cache may keep the answer (RFC 9111, 3 and 4.2.1, RFC 5861); undefined where it may not. Narrower
 * than the RFC: only what is called `public` in so many words, with a lifetime. Nothing is guessed from dates.
 */
export function lifetimeOf({ status, headers }: Response): Lifetime | undefined {
  const control = headers.get("cache-control");
  // Most answers end here, before anything is parsed.
  if (control === null || !/public/i.test(control)) return undefined;
  const directives = directivesOf(control);
  if (!storable.has(status) || !isPublic(directives) || speaksToOne(headers)) return undefined;
  const fresh = secondsOf(directives, "s-maxage") ?? secondsOf(directives, "max-age");
  if (fresh === undefined) return undefined;
  // Either forbids to answer with what is stale, whatever else is said; s-maxage implies the second (5.2.2.10),
  // unless the service speaks of stale answers itself.
  const strict = ["must-revalidate", "proxy-revalidate"].some((name) => directives.has(name));
  const stale = (name: string): number => (strict ? 0 : (secondsOf(directives, name) ?? 0));
  const lifetime = { fresh, whileRevalidate: stale("stale-while-revalidate"), ifError: stale("stale-if-error") };
  return fresh + lifetime.whileRevalidate + lifetime.ifError > 0 ? lifetime : undefined;
}

const isPublic = (directives: Directives): boolean =>
  directives.has("public") && !["private", "no-store", "no-cache"].some((name) => directives.has(name));

/** A cookie is for whoever gets it, a part is no whole, and an event stream has no end to wait for. */
const speaksToOne = (headers: Headers): boolean =>
  headers.has("set-cookie") ||
  headers.has("content-range") ||
  (headers.get("vary") ?? "").includes("*") ||
  (headers.get("content-type") ?? "").startsWith("text/event-stream");
