import { TrivetError } from "@trivet/platform";

/** How much of a window's allowance is used up. */
export interface Allowance {
  allowed: boolean;
  limit: number;
  remaining: number;
  /** Seconds until the window ends, at least 1. */
  reset: number;
}

interface Window {
  used: number;
  /** Unix milliseconds. */
  endsAt: number;
}

const capacity = 100_000;

/**
 * Counts requests per key in fixed windows, in this process's memory. Replicas count each for
 * itself: the limit is `local`. Bounded: when too many keys are live, the oldest make room.
 */
export class RateLimiter {
  readonly #windows = new Map<string, Window>();
  readonly #limit: number;
  readonly #length: number;

  /** `limit` requests in `length` milliseconds. */
  constructor(limit: number, length: number) {
    this.#limit = limit;
    this.#length = length;
  }

  take(key: string, now = Date.now()): Allowance {
    const window = this.#windowOf(key, now);
    const allowed = window.used < this.#limit;
    if (allowed) window.used += 1;
    return {
      allowed,
      limit: this.#limit,
      remaining: this.#limit - window.used,
      reset: Math.max(1, Math.ceil((window.endsAt - now) / 1_000)),
    };
  }

  #windowOf(key: string, now: number): Window {
    const known = this.#windows.get(key);
    if (known && known.endsAt > now) return known;
    // Deleted first, so that the map stays in the order of the windows' ends.
    this.#windows.delete(key);
    if (this.#windows.size >= capacity) this.#makeRoom(now);
    const window = { used: 0, endsAt: now + this.#length };
    this.#windows.set(key, window);
    return window;
  }

  #makeRoom(now: number): void {
    for (const [key, window] of this.#windows) {
      if (window.endsAt > now && this.#windows.size < capacity) return;
      this.#windows.delete(key);
    }
  }
}

/** Throws `rate_limited`, with the seconds until the window ends, when the allowance is used up. */
export function assertAllowed(allowance: Allowance): void {
  if (allowance.allowed) return;
  const headers = allowanceHeaders(allowance);
  throw new TrivetError("rate_limited", undefined, { retryAfter: allowance.reset, headers });
}

/** The `RateLimit-*` fields (draft-ietf-httpapi-ratelimit-headers, in their widely read form). */
export const allowanceHeaders = ({ limit, remaining, reset }: Allowance): Record<string, string> => ({
  "ratelimit-limit": String(limit),
  "ratelimit-remaining": String(remaining),
  "ratelimit-reset": String(reset),
});
