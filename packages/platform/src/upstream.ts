import { Breaker } from "./breaker.ts";
import { TrivetError } from "./errors.ts";
import { RetryBudget } from "./retry-budget.ts";

/** Requests to one upstream that may wait for an answer at a time: what a slow one can hold of its caller. */
const slots = 512;
const backoffBase = 50;

/** The answer of a service that has tried in vain what stands behind it: trying again would multiply the tries. */
export const finalHeader = "x-should-retry";

/** Answers that say the work was not done (RFC 9110, 15.6.3 to 15.6.5). */
const outages = new Set([502, 503, 504]);

/** Whether another try may fare better. */
export const isOutage = (response: Response): boolean => outages.has(response.status);

/** Whether whoever answered so has tried again already, or knows that it is no use. */
export const isFinal = (response: Response): boolean => response.headers.get(finalHeader) === "false";

/** The cause of a failure that tells nothing of the service: one of its replicas broke off, and others are well. */
export class ReplicaLost extends Error {
  override readonly name = "ReplicaLost";

  constructor(cause: unknown) {
    super("The replica that was asked broke off; there are others.", { cause });
  }
}

/** Whether no more than one replica of the service has failed: no reason to leave the service alone. */
export const isOfOneReplica = (outcome: unknown): boolean =>
  outcome instanceof TrivetError && outcome.cause instanceof ReplicaLost;

/**
 * What a service remembers of another one that it asks. Plain counting without timers or promises,
 * because on Workers neither may outlive the invocation that made it.
 */
export class Upstream {
  readonly name: string;
  readonly breaker = new Breaker();
  readonly retries = new RetryBudget();
  #waiting = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Requests that wait for an answer. */
  get waiting(): number {
    return this.#waiting;
  }

  /** A bulkhead: runs `ask` while fewer than all slots are taken; undefined, at once, when none is free. */
  within<T>(ask: () => Promise<T>): Promise<T> | undefined {
    if (this.#waiting >= slots) return undefined;
    this.#waiting += 1;
    return ask().finally(() => {
      this.#waiting -= 1;
    });
  }

  succeeded(): void {
    this.breaker.succeeded();
    this.retries.succeeded();
  }

  failed(): void {
    this.breaker.failed();
    this.retries.failed();
  }
}

/** The upstreams of one service, by name. */
export class Upstreams implements Iterable<Upstream> {
  readonly #known = new Map<string, Upstream>();

  of(name: string): Upstream {
    const known = this.#known.get(name);
    if (known) return known;
    const upstream = new Upstream(name);
    this.#known.set(name, upstream);
    return upstream;
  }

  [Symbol.iterator](): Iterator<Upstream> {
    return this.#known.values();
  }
}

/** Milliseconds before the try after `attempt`: exponential, with full jitter. */
export const backoff = (attempt: number): number => Math.random() * backoffBase * 2 ** attempt;
