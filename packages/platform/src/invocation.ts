import type { Actor } from "./actor.ts";
import type { Claim } from "./idempotency.ts";
import type { Logger } from "./log.ts";
import type { SpanSink } from "./spans/span.ts";
import type { TraceContext } from "./trace.ts";
import type { Upstreams } from "./upstream.ts";

/** What a piece of work knows of itself: a request being answered, an event being handled, a job. */
export interface Invocation {
  /** The service that does the work. */
  service: string;
  requestId: string;
  trace: TraceContext;
  /** Who is told what the work consists of, and how long each part took; nobody, where there is no collector. */
  spans?: SpanSink | undefined;
  /** Unix time in milliseconds after which nobody waits for the answer. */
  deadline: number;
  actor: Actor;
  /** What this carries out, where the caller sent an `Idempotency-Key`; no other attempt holds it at the same time. */
  claim?: Claim;
  log: Logger;
  /** What the service remembers of those it asks. */
  upstreams: Upstreams;
  /** Lets work go on after the answer; it is finished before the process stops. */
  waitUntil(promise: Promise<unknown>): void;
  /** Runs when the answer is out and all `waitUntil` work has settled: where a resource is given back. */
  defer(cleanup: () => Promise<void>): void;
}
