/** What this process knows of one key's window. */
export interface Window {
  /** Unix milliseconds. */
  endsAt: number;
  /** Let through by this process. */
  admitted: number;
  /** Let through, and not yet known to be counted where all processes count. */
  debt: number;
  /** The part of the debt that has been told there, and is not answered yet. */
  settling: number;
  /** Counted there, at the last word. */
  counted: number;
  /** Counted there for this process, and not used yet. */
  lease: number;
  /** The lease when it was last added to. */
  fullLease: number;
  /** Until then nothing more is to be had there, in Unix milliseconds. */
  closedUntil: number;
  /** Whether an answer is under way, and where requests may join, what they wait for. */
  asking: boolean;
  asked: Promise<void> | undefined;
  /** Requests that wait. */
  waiting: number;
  /** Whether the lease is about to go back. */
  returning: boolean;
  askedAt: number;
  takenSinceAsked: number;
}

const capacity = 100_000;

/** The windows of a limiter by key. Bounded: when too many are live, the oldest make room. */
export class Windows {
  readonly #windows = new Map<string, Window>();
  readonly #length: number;

  constructor(length: number) {
    this.#length = length;
  }

  of(key: string, now: number): Window {
    const known = this.#windows.get(key);
    if (known && known.endsAt > now) return known;
    // Deleted first, so that the map stays in the order in which windows began.
    this.#windows.delete(key);
    if (this.#windows.size >= capacity) this.#makeRoom(now);
    const window = newWindow(now + this.#length);
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

const newWindow = (endsAt: number): Window => ({
  endsAt,
  admitted: 0,
  debt: 0,
  settling: 0,
  counted: 0,
  lease: 0,
  fullLease: 0,
  closedUntil: 0,
  asking: false,
  asked: undefined,
  waiting: 0,
  returning: false,
  askedAt: 0,
  takenSinceAsked: 0,
});
