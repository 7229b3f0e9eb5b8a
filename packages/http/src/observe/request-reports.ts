import { analyticsLimit, type RequestMinute, recordRequests, requestBounds } from "@trivet/contracts";
import { type Call, type KeyRings, newId, type ServiceBinding } from "@trivet/platform";
import { isBinding } from "../env.ts";
import type { Measure } from "./metrics.ts";

/** Milliseconds after the first of its requests that a report goes out, with the first request then. */
const patience = 60_000;
const minute = 60_000;

/**
 * What a service tells analytics of the requests it has answered: counts by minute, method and route, in memory until they
 * are due. Nothing is tried for longer than a call is: what does not arrive, or is more than a report holds, is dropped and
 * counted. A process that ends, or answers nothing more, keeps what it had not sent.
 */
export class RequestReports {
  readonly #analytics: ServiceBinding;
  #lines = new Map<string, RequestMinute>();
  #dueAt = Number.POSITIVE_INFINITY;
  #dropped = 0;

  constructor(analytics: ServiceBinding) {
    this.#analytics = analytics;
  }

  count(method: string, route: string, status: number, ms: number, now: number): void {
    const line = this.#lineOf(method, route, Math.floor(now / minute) * minute);
    if (!line) {
      this.#dropped += 1;
      return;
    }
    if (this.#dueAt === Number.POSITIVE_INFINITY) this.#dueAt = now + patience;
    line.requests += 1;
    if (status >= 500) line.failures += 1;
    line.totalMs += ms;
    line.maxMs = Math.max(line.maxMs, ms);
    const bucket = requestBounds.findIndex((bound) => ms <= bound);
    const index = bucket === -1 ? requestBounds.length : bucket;
    line.buckets[index] = (line.buckets[index] ?? 0) + 1;
  }

  isDue(now: number): boolean {
    return now >= this.#dueAt;
  }

  /** Sends what has been counted, and begins anew. Rejects as the call does, and what was in it is dropped. */
  async send(call: Call): Promise<void> {
    const minutes = [...this.#lines.values()];
    this.#lines = new Map();
    this.#dueAt = Number.POSITIVE_INFINITY;
    try {
      await call(this.#analytics, recordRequests, { body: { id: newId(), minutes } });
    } catch (error) {
      this.#dropped += minutes.reduce((sum, { requests }) => sum + requests, 0);
      throw error;
    }
  }

  measures(): Measure[] {
    const help = "Requests that analytics was not told of";
    return [
      { name: "requests_unreported_total", help, kind: "counter", samples: [{ labels: {}, value: this.#dropped }] },
    ];
  }

  /** Undefined when a report holds no more lines. */
  #lineOf(method: string, route: string, start: number): RequestMinute | undefined {
    const key = `${method} ${start} ${route}`;
    const known = this.#lines.get(key);
    if (known || this.#lines.size === analyticsLimit) return known;
    const made: RequestMinute = {
      ...{ method, route, minute: new Date(start).toISOString() },
      ...{ requests: 0, failures: 0, totalMs: 0, maxMs: 0 },
      buckets: [...requestBounds.map(() => 0), 0],
    };
    this.#lines.set(key, made);
    return made;
  }
}

/** Of a service that is bound to analytics and has its key; others report nothing. */
export function reportsOf(env: object, keys: KeyRings): RequestReports | undefined {
  const analytics: unknown = Reflect.get(env, "ANALYTICS");
  return keys.has("analytics") && isBinding(analytics) ? new RequestReports(analytics) : undefined;
}
