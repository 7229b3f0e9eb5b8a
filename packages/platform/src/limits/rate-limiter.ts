import type { Granted, SharedCount } from "./shared-count.ts";
import { type Window, Windows } from "./windows.ts";

/** How much of a window's allowance is used up. */
export interface Allowance {
  allowed: boolean;
  /** The name of the limit. */
  name: string;
  limit: number;
  /** Seconds of a whole window. */
  window: number;
  remaining: number;
  /** Seconds until the window ends, at least 1. */
  reset: number;
  /** Whether this process counted for itself, for want of a count that all share. */
  local: boolean;
}

export interface Limit {
  /** Tells limits apart, in keys and headers. */
  name: string;
  /** Requests a window. */
  limit: number;
  /** Milliseconds. */
  length: number;
}

/** What a request brings along where processes share a count: that, and its `waitUntil`. */
export interface Sharing {
  count: SharedCount;
  waitUntil(promise: Promise<unknown>): void;
}

/**
 * Part of a limit that a process may be ahead of the shared count: so much is let through at once, and
 * counted meanwhile. Four processes together are less than 1 % over, and a request hardly ever waits.
 */
const credit = 1 / 500;
/** Milliseconds after which unused tokens go back, and after which a process that was refused asks again. */
const leaseTime = 250;
/** Who asks again within this many milliseconds takes more at a time. */
const busy = 1_000;

/**
 * Counts requests per key in fixed windows; of the length's first request, not of the clock's minute. With a
 * shared count all processes together keep to the limit: tokens are taken from it ahead of need, more at a time
 * the busier a key is, and what is not used goes back. Without one, or while it does not answer, each process
 * counts for itself.
 */
export class RateLimiter {
  readonly limit: Limit;
  readonly #windows: Windows;
  readonly #credit: number;

  constructor(limit: Limit) {
    this.limit = limit;
    this.#windows = new Windows(limit.length);
    this.#credit = Math.floor(limit.limit * credit);
  }

  take(key: string, sharing?: Sharing, now: number = Date.now()): Allowance | Promise<Allowance> {
    const window = this.#windows.of(key, now);
    if (!sharing) return this.#takeAlone(window, now);
    const { count } = sharing;
    if (!count.answers) {
      const allowance = this.#takeAlone(window, now);
      // The request that meets the time for an attempt is counted by it, and does not wait for it either.
      if (count.wantsProbe) this.#askAhead(key, window, sharing);
      return allowance;
    }
    window.takenSinceAsked += 1;
    if (window.lease === 0 && this.#isAhead(window)) {
      window.debt += 1;
      if (!window.asking) this.#askAhead(key, window, sharing);
      return this.#admit(window, now, false);
    }
    const known = this.#takeKnown(window, now);
    if (known && window.lease * 4 < window.fullLease && !window.asking) this.#askAhead(key, window, sharing);
    return known ?? this.#takeAsking(key, window, sharing);
  }

  /** Whether one more may be let through before it is counted. */
  #isAhead({ debt, counted, closedUntil }: Window, now = Date.now()): boolean {
    return debt < this.#credit && counted + debt < this.limit.limit && now >= closedUntil;
  }

  /** The answer, where it takes no asking. */
  #takeKnown(window: Window, now: number): Allowance | undefined {
    if (window.lease > 0) {
      window.lease -= 1;
      return this.#admit(window, now, false);
    }
    return now < window.closedUntil ? this.#answer(window, now, false, false) : undefined;
  }

  #takeAlone(window: Window, now: number): Allowance {
    if (window.lease > 0) window.lease -= 1;
    else if (window.counted + window.debt < this.limit.limit) window.debt += 1;
    else return this.#answer(window, now, false, true);
    return this.#admit(window, now, true);
  }

  /** Asks until there is a token or none is left. Others may take what was granted first, hence the loop. */
  async #takeAsking(key: string, window: Window, sharing: Sharing): Promise<Allowance> {
    window.waiting += 1;
    try {
      for (;;) {
        const { joins, answers } = sharing.count;
        if (!answers) return this.#takeAlone(window, Date.now());
        await ((joins ? window.asked : undefined) ?? this.#ask(key, window, sharing, joins ? window.waiting : 1));
        const known = this.#takeKnown(window, Date.now());
        if (known) return known;
      }
    } finally {
      window.waiting -= 1;
    }
  }

  /** Settles what is owed, and takes what is needed and, of a busy key, some more. */
  #ask(key: string, window: Window, sharing: Sharing, need: number): Promise<void> {
    const sentAt = Date.now();
    const { name, limit, length } = this.limit;
    const debt = window.debt - window.settling;
    const { admitted } = window;
    const isFirst = !window.asking;
    const extra = isFirst && sentAt - window.askedAt < busy ? Math.min(limit, 2 * window.takenSinceAsked) : 0;
    if (isFirst) Object.assign(window, { asking: true, askedAt: sentAt, takenSinceAsked: 0 });
    window.settling += debt;
    const ask = { debt, admitted, need, extra, limit, length };
    const asked = sharing.count.take(keyOf(name, key), ask, (granted) => {
      if (isFirst) Object.assign(window, { asking: false, asked: undefined });
      window.settling -= debt;
      if (!granted) return;
      window.debt -= debt;
      this.#note(window, granted, need, sentAt);
      if (window.lease > need && !window.returning) sharing.waitUntil(this.#returnLater(key, window, sharing.count));
    });
    if (isFirst && sharing.count.joins) window.asked = asked.inTime;
    sharing.waitUntil(asked.done);
    return asked.inTime;
  }

  #askAhead(key: string, window: Window, sharing: Sharing): void {
    sharing.waitUntil(this.#ask(key, window, sharing, 0));
  }

  #note(window: Window, { tokens, count, left }: Granted, need: number, sentAt: number): void {
    window.counted = count;
    window.lease += tokens;
    window.fullLease = window.lease - need;
    // By when the question was sent: the window then ends here no later than there.
    if (left !== undefined) window.endsAt = sentAt + left;
    if (tokens < need || count >= this.limit.limit) window.closedUntil = Date.now() + leaseTime;
  }

  /** So that nobody is refused for long over tokens that another process holds and does not use. */
  async #returnLater(key: string, window: Window, count: SharedCount): Promise<void> {
    window.returning = true;
    await new Promise((resolve) => setTimeout(resolve, leaseTime));
    window.returning = false;
    const { lease } = window;
    const left = window.endsAt - Date.now();
    if (lease === 0 || left <= 0) return;
    window.lease = 0;
    const counted = await count.giveBack(keyOf(this.limit.name, key), lease, left);
    if (counted !== undefined) window.counted = counted;
  }

  #admit(window: Window, now: number, local: boolean): Allowance {
    window.admitted += 1;
    return this.#answer(window, now, true, local);
  }

  #answer(window: Window, now: number, allowed: boolean, local: boolean): Allowance {
    const { name, limit, length } = this.limit;
    const left = limit - window.counted - window.debt + window.lease;
    return {
      allowed,
      name,
      limit,
      window: length / 1_000,
      remaining: allowed ? Math.max(0, left) : 0,
      reset: Math.max(1, Math.ceil((window.endsAt - now) / 1_000)),
      local,
    };
  }
}

const keyOf = (limit: string, key: string): string => `${limit}:${key}`;
