import { describeError, TrivetError } from "@trivet/platform";
import { answerEntry } from "./answer-entry.ts";
import type { Asked } from "./asked.ts";
import { secondsOf } from "./directives.ts";
import { ageOf, type Entry, isFresh, isUsable } from "./entry.ts";
import { keepAnswer } from "./keep-answer.ts";
import type { Passage } from "./passage.ts";
import type { Flight } from "./response-cache.ts";
import type { CacheStatus } from "./status.ts";

/** Answers from what is kept where it may, and keeps what may be kept of what the service answers. */
export async function throughCache(passage: Passage): Promise<Response> {
  const { cache, asked, invocation } = passage;
  await cache.heed(invocation);
  const { known, entry } = cache.store.find(asked.key, asked.headers);
  if (entry && mayHave(asked, entry)) return await answerKnown(passage, entry);
  if (asked.directives.has("only-if-cached")) throw notKept();
  const forwarded = known ? "vary-miss" : "uri-miss";
  // Of whom it is not known that the answer is everybody's, nobody waits for another's.
  const isKnownToDiffer =
    asked.method === "HEAD" || asked.hasCredentials || isConditional(asked) || cache.passes(asked.key);
  if (isKnownToDiffer || !passage.mayWait()) return await keepAnswer(passage, undefined, { forwarded });
  return await together(passage, undefined, { forwarded });
}

async function answerKnown(passage: Passage, entry: Entry): Promise<Response> {
  const { cache, asked } = passage;
  const now = Date.now();
  if (!insistsOnNew(asked, entry, now)) {
    if (isFresh(entry, now)) return hit(passage, entry, "hit");
    if (isUsable(entry, "whileRevalidate", now)) {
      refresh(passage, entry);
      return hit(passage, entry, "stale");
    }
  }
  if (asked.directives.has("only-if-cached")) throw notKept();
  const forwarded = isFresh(entry, now) ? "request" : "stale";
  if (cache.flights.has(asked.key) || !asked.directives.has("no-store")) {
    return await together(passage, entry, { forwarded });
  }
  return await keepAnswer(passage, entry, { forwarded });
}

function hit({ cache, asked }: Passage, entry: Entry, result: "hit" | "stale", more: CacheStatus = {}): Response {
  cache.counts[result] += 1;
  return answerEntry(entry, asked, { ...more, ttl: entry.lifetime.fresh - ageOf(entry, Date.now()) });
}

/** Asks, or waits for whoever is asking the same: a thousand who miss at once are one to the service. */
async function together(passage: Passage, entry: Entry | undefined, status: CacheStatus): Promise<Response> {
  const { cache, asked, patience } = passage;
  const until = Date.now() + patience;
  for (let flight = cache.flights.get(asked.key); flight; flight = cache.flights.get(asked.key)) {
    await landed(flight, until);
    if (flight.state === "given up") continue;
    const found = cache.store.find(asked.key, asked.headers).entry;
    if (flight.state === "kept" && found && mayHave(asked, found))
      return hit(passage, found, "hit", { collapsed: true });
    if (flight.state === "failed" && entry && isUsable(entry, "ifError", Date.now())) {
      return hit(passage, entry, "stale", { collapsed: true, detail: "the service does not answer" });
    }
    return await keepAnswer(passage, entry, status);
  }
  return await asFirst(passage, () => keepAnswer(passage, entry, status));
}

/** Lets others see that the question is being asked, and what came of it. */
async function asFirst<T>({ cache, asked }: Passage, ask: () => Promise<T>): Promise<T> {
  const flight: Flight = { state: "asking" };
  cache.flights.set(asked.key, flight);
  const { store } = cache;
  const before = store.find(asked.key, asked.headers).entry;
  try {
    const answer = await ask();
    const after = store.find(asked.key, asked.headers).entry;
    const unkept = after ? "failed" : "not kept";
    flight.state = after && after !== before ? "kept" : unkept;
    return answer;
  } catch (fault) {
    const left = fault instanceof TrivetError && fault.code === "client_closed_request";
    flight.state = left ? "given up" : "failed";
    throw fault;
  } finally {
    cache.flights.delete(asked.key);
  }
}

/**
 * Resolves when the flight has landed. By looking, at growing intervals: on Workers an invocation must not wait for
 * another one's promise.
 */
async function landed(flight: Flight, until: number): Promise<void> {
  for (let glance = 1; flight.state === "asking"; glance = Math.min(50, glance * 1.25)) {
    if (Date.now() > until) throw new TrivetError("deadline_exceeded");
    await new Promise((resolve) => setTimeout(resolve, glance));
  }
}

/** The answer that is kept has been given; the service is asked for the next one behind the client's back. */
function refresh(passage: Passage, entry: Entry): void {
  const { cache, asked, invocation } = passage;
  if (cache.flights.has(asked.key)) return;
  // Nothing of this client's request but what the answer depends on: it is for the next one.
  const headers = new Headers();
  for (const [name, value] of entry.vary) if (value !== null) headers.set(name, value);
  const nobody: Asked = { method: "GET", key: asked.key, headers, directives: new Map(), hasCredentials: false };
  // The client's going away does not end it; its deadline does.
  const { signal } = new AbortController();
  const background: Passage = { ...passage, asked: nobody, signal, isUsual: () => true };
  const asking = asFirst(background, () => keepAnswer(background, entry, { forwarded: "stale" }));
  invocation.waitUntil(
    asking
      .then((response) => response.body?.cancel())
      .catch((error: unknown) => {
        invocation.log.warn("{key} could not be asked for anew", {
          key: asked.key.split("?", 1)[0],
          fault: describeError(error),
        });
      }),
  );
}

/** An answer that depends on headers of a request is not for one that also says who asks. */
const mayHave = (asked: Asked, entry: Entry): boolean =>
  !asked.hasCredentials || entry.vary.every(([name]) => name === "accept-encoding");

/** RFC 9111, 5.2.1: what a client may say of the age of what it gets. */
function insistsOnNew({ directives }: Asked, entry: Entry, now: number): boolean {
  if (directives.size === 0) return false;
  if (directives.has("no-cache") || directives.has("no-store")) return true;
  const age = ageOf(entry, now);
  const oldest = secondsOf(directives, "max-age");
  return (
    (oldest !== undefined && age >= oldest) || entry.lifetime.fresh - age < (secondsOf(directives, "min-fresh") ?? 0)
  );
}

const isConditional = ({ headers }: Asked): boolean => headers.has("if-none-match") || headers.has("if-modified-since");

const notKept = (): TrivetError =>
  new TrivetError("deadline_exceeded", "Nothing of this is kept, and `only-if-cached` forbids to ask for it.");
