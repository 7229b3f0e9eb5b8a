const full = 10;
const regained = 0.1;

/**
 * How many failures an upstream may show before nobody tries again: each costs a token, each success
 * gives a tenth back, and retries stop while half of the ten are gone. So an outage is met with
 * about as many requests as there are callers, not with a multiple of them (gRPC's retry throttling,
 * gRFC A6).
 */
export class RetryBudget {
  #tokens = full;

  /** Whether a failed request may be tried again. */
  get allows(): boolean {
    return this.#tokens > full / 2;
  }

  succeeded(): void {
    this.#tokens = Math.min(full, this.#tokens + regained);
  }

  failed(): void {
    this.#tokens = Math.max(0, this.#tokens - 1);
  }
}
