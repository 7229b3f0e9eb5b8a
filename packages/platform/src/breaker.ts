/** Closed lets everything through; open refuses at once; half-open lets one probe through. */
export type BreakerState = "closed" | "open" | "half-open";

export interface BreakerOptions {
  /** Consecutive failures after which the circuit opens. */
  threshold?: number;
  /** Milliseconds from opening to the first probe. */
  cooldown?: number;
  now?: () => number;
}

/**
 * A circuit breaker that only counts: it starts no timer and shares no promise, because on Workers
 * neither may outlive the invocation that made it. Whoever asks while a probe is under way is
 * refused instead of waiting for the probe.
 */
export class Breaker {
  readonly #threshold: number;
  readonly #cooldown: number;
  readonly #now: () => number;
  #failures = 0;
  #openedAt: number | undefined;
  #probeStartedAt: number | undefined;

  constructor({ threshold = 5, cooldown = 4_000, now = Date.now }: BreakerOptions = {}) {
    this.#threshold = threshold;
    this.#cooldown = cooldown;
    this.#now = now;
  }

  get state(): BreakerState {
    if (this.#openedAt === undefined) return "closed";
    return this.#now() - this.#openedAt >= this.#cooldown ? "half-open" : "open";
  }

  /** Seconds until the next probe is let through, at least 1. */
  get retryAfter(): number {
    const since = this.#openedAt ?? this.#now();
    return Math.max(1, Math.ceil((since + this.#cooldown - this.#now()) / 1_000));
  }

  /** Whether a call may go out now. One that does must end in `succeeded` or `failed`. */
  admits(): boolean {
    const state = this.state;
    if (state === "closed") return true;
    if (state === "open") return false;
    // A probe whose invocation was cut off reports nothing; after another cooldown the next may try.
    if (this.#probeStartedAt !== undefined && this.#now() - this.#probeStartedAt < this.#cooldown) return false;
    this.#probeStartedAt = this.#now();
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#openedAt = undefined;
    this.#probeStartedAt = undefined;
  }

  failed(): void {
    this.#failures += 1;
    // While open, only the probe's failure counts: stragglers that went out before must not postpone it.
    const opens = this.#openedAt === undefined ? this.#failures >= this.#threshold : this.#probeStartedAt !== undefined;
    if (opens) this.#openedAt = this.#now();
    this.#probeStartedAt = undefined;
  }
}
