import type { Measure } from "@trivet/http";
import type { Purge } from "./purge.ts";
import type { SharedPurges } from "./shared-purges.ts";
import { Store } from "./store.ts";

/** A question to a service that others may wait for. Plain data: they look whether it is done, and await nothing. */
export interface Flight {
  state: "asking" | "kept" | "not kept" | "failed" | "given up";
}

const passesFor = 10_000;
const mostPasses = 10_000;

/** What the router remembers of answers, and what it counts. */
export class ResponseCache {
  readonly store: Store;
  readonly flights = new Map<string, Flight>();
  readonly counts = { hit: 0, stale: 0, miss: 0 };
  readonly #shared: SharedPurges | undefined;
  /** Keys whose answers are not for everybody, until when: nobody has to wait to find that out again. */
  readonly #passes = new Map<string, number>();

  constructor(capacity: number, shared: SharedPurges | undefined) {
    this.store = new Store(capacity);
    this.#shared = shared;
  }

  passes(key: string): boolean {
    const until = this.#passes.get(key);
    if (until === undefined) return false;
    if (until > Date.now()) return true;
    this.#passes.delete(key);
    return false;
  }

  letPass(key: string): void {
    const [oldest] = this.#passes.keys();
    if (this.#passes.size >= mostPasses && oldest !== undefined) this.#passes.delete(oldest);
    this.#passes.set(key, Date.now() + passesFor);
  }

  /** Hears of purges elsewhere; waits for it only where nothing has been heard for long. */
  heed(work: { waitUntil(promise: Promise<unknown>): void }): Promise<void> | undefined {
    return this.#shared?.heed((heard) => this.#purgeHere(heard), work);
  }

  /** Forgets, and tells the other processes; how many addresses it was here, and whether the others will hear of it. */
  async purge(meant: Purge): Promise<{ purged: number; shared: boolean }> {
    const purged = this.#purgeHere(meant);
    return { purged, shared: (await this.#shared?.announce(meant)) ?? false };
  }

  #purgeHere(meant: Purge): number {
    this.#passes.clear();
    return this.store.purge(meant);
  }

  measures(): Measure[] {
    const { store, counts } = this;
    const requests = Object.entries(counts).map(([result, value]) => ({ labels: { result }, value }));
    return [
      {
        name: "cache_requests_total",
        help: "Requests to addresses that the cache knows",
        kind: "counter",
        samples: requests,
      },
      {
        name: "cache_bytes",
        help: "Bytes that kept answers take",
        kind: "gauge",
        samples: [{ labels: {}, value: store.bytes }],
      },
      {
        name: "cache_entries",
        help: "Addresses of which an answer is kept",
        kind: "gauge",
        samples: [{ labels: {}, value: store.size }],
      },
    ];
  }
}
