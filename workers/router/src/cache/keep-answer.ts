import { TrivetError } from "@trivet/platform";
import { answerEntry } from "./answer-entry.ts";
import { ageOf, type Entry, entryOf, isUsable, namesIn } from "./entry.ts";
import { type Lifetime, lifetimeOf } from "./lifetime.ts";
import type { Passage } from "./passage.ts";
import { readWithin } from "./read-within.ts";
import { type CacheStatus, statusText } from "./status.ts";

/** Asks the service, whether `entry` is current where there is one, and keeps its answer where it may be kept. */
export async function keepAnswer(passage: Passage, entry: Entry | undefined, status: CacheStatus): Promise<Response> {
  const { cache, asked } = passage;
  const askedAt = Date.now();
  const { purges } = cache.store;
  const response = await asking(passage, entry);
  if (response instanceof Stale) return response.answer;
  const isPurged = cache.store.purges !== purges;
  if (entry && response.status === 304) return renewed(passage, entry, response, { askedAt, isPurged, status });
  const lifetime = lifetimeOf(response);
  if (!lifetime) {
    // What is kept is not what the service says any more.
    if (entry && response.status < 500) cache.store.drop(asked.key);
    const isSaid = response.status < 500 && response.status !== 304;
    if (isSaid && !asked.hasCredentials) cache.letPass(asked.key);
    return response;
  }
  cache.counts.miss += 1;
  const reason = isPurged ? "purged meanwhile" : reasonAgainst(passage, response);
  if (reason !== undefined) return told(response, { ...status, detail: reason });
  const read = await readWithin(response, cache.store.largest);
  if (read instanceof Response) return told(read, { ...status, detail: "too large" });
  const kept = entryOf(asked, response, read, lifetime, askedAt);
  const stored = cache.store.purges === purges;
  if (stored) cache.store.put(kept, asked.headers);
  return answerEntry(kept, asked, { ...status, stored });
}

/** Carries what is given instead of the answer that did not come. */
class Stale {
  readonly answer: Response;
  constructor(answer: Response) {
    this.answer = answer;
  }
}

/** The service's answer; where it has none, and the old one may still be given, that one (RFC 5861, 4). */
async function asking(passage: Passage, entry: Entry | undefined): Promise<Response | Stale> {
  const { cache, asked, ask, signal } = passage;
  const stale = (forwardStatus: number): Stale | undefined => {
    if (!entry || !isUsable(entry, "ifError", Date.now())) return undefined;
    cache.counts.stale += 1;
    const ttl = entry.lifetime.fresh - ageOf(entry, Date.now());
    return new Stale(answerEntry(entry, asked, { ttl, forwarded: "stale", forwardStatus }));
  };
  let response: Response;
  try {
    const validating = entry && { method: asked.method, headers: validators(asked.headers, entry), signal };
    response = await ask(validating);
  } catch (fault) {
    const instead = fault instanceof TrivetError && fault.status >= 500 ? stale(fault.status) : undefined;
    if (instead) return instead;
    throw fault;
  }
  const instead = response.status >= 500 ? stale(response.status) : undefined;
  if (instead) await response.body?.cancel();
  return instead ?? response;
}

/** The request's headers with the conditions of what is kept in the place of its own (RFC 9111, 4.3.1). */
function validators(sent: Headers, { headers }: Entry): Headers {
  const asking = new Headers(sent);
  for (const name of ["if-none-match", "if-modified-since"]) asking.delete(name);
  const tag = headers.get("etag");
  const modified = headers.get("last-modified");
  if (tag !== null) asking.set("if-none-match", tag);
  else if (modified !== null) asking.set("if-modified-since", modified);
  return asking;
}

/** RFC 9111, 4.3.4: what the service says of it now replaces what it said then. */
function renewed(
  { cache, asked }: Passage,
  entry: Entry,
  response: Response,
  { askedAt, isPurged, status }: { askedAt: number; isPurged: boolean; status: CacheStatus },
): Response {
  const headers = new Headers(entry.headers);
  response.headers.forEach((value, name) => {
    if (!name.startsWith("content-") && name !== "vary") headers.set(name, value);
  });
  const whole = new Response(null, { status: entry.status, headers });
  const lifetime: Lifetime | undefined = lifetimeOf(whole);
  const current: Entry = lifetime
    ? { ...entryOf(asked, whole, entry.body, lifetime, askedAt), vary: entry.vary, tags: entry.tags }
    : entry;
  if (!lifetime) cache.store.drop(asked.key);
  const stored = lifetime !== undefined && !isPurged;
  if (stored) cache.store.put(current, asked.headers);
  cache.counts.miss += 1;
  return answerEntry(current, asked, { ...status, forwardStatus: 304, stored });
}

/** Why an answer that is everybody's by its own word is not kept; undefined where it is. */
function reasonAgainst({ asked, isUsual }: Passage, { headers }: Response): string | undefined {
  if (asked.method === "HEAD") return "HEAD";
  if (asked.directives.has("no-store")) return "no-store";
  if (!isUsual()) return "an unusual request header";
  const varies = namesIn(headers.get("vary")).some((name) => name !== "accept-encoding");
  return asked.hasCredentials && varies ? "credentials and Vary" : undefined;
}

/** The service's own answer, and why it is not kept. */
function told(response: Response, status: CacheStatus): Response {
  const answer = new Response(response.body, response);
  answer.headers.set("cache-status", statusText(status));
  for (const name of ["cache-tag", "surrogate-key"]) answer.headers.delete(name);
  return answer;
}
