import { type Entry, isFor } from "./entry.ts";
import type { Purge } from "./purge.ts";

/** Answers under one key that differ by what `Vary` names: more would be somebody trying them out. */
const variants = 16;
const mostKeys = 10_000;

/**
 * The answers that are kept, within a bound on their bytes and number: those that were not asked for the longest make
 * room. What lies in it is plain data, so every invocation of the process or isolate may use it.
 */
export class Store {
  /** By key, the one asked for last at the end; of each the variants, newest first. */
  readonly #entries = new Map<string, readonly Entry[]>();
  readonly #capacity: number;
  #bytes = 0;
  #purges = 0;

  /** `capacity` in bytes; with 0 nothing is kept. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Counts purges: an answer that was asked for before one may be what the purge was about. */
  get purges(): number {
    return this.#purges;
  }

  /** Bytes that one answer may have: a large one would push out all others. */
  get largest(): number {
    return Math.min(1024 * 1024, this.#capacity / 8);
  }

  /** Whether anything is kept under the key, and which of it answers a request with these headers. */
  find(key: string, headers: Headers): { known: boolean; entry: Entry | undefined } {
    const found = this.#entries.get(key);
    if (!found) return nothing;
    this.#entries.delete(key);
    this.#entries.set(key, found);
    return { known: true, entry: found.find((entry) => isFor(entry, headers)) };
  }

  /** Keeps the answer in place of the one that it was for before, as the same request headers tell. */
  put(entry: Entry, asked: Headers): void {
    const others = (this.#entries.get(entry.key) ?? []).filter((known) => !isFor(known, asked));
    this.drop(entry.key);
    const kept = [entry, ...others].slice(0, variants);
    this.#entries.set(entry.key, kept);
    for (const { bytes } of kept) this.#bytes += bytes;
    for (const [key] of this.#entries) {
      if (this.#bytes <= this.#capacity && this.#entries.size <= mostKeys) return;
      this.drop(key);
    }
  }

  drop(key: string): void {
    for (const { bytes } of this.#entries.get(key) ?? []) this.#bytes -= bytes;
    this.#entries.delete(key);
  }

  /** How many addresses had something that is gone now. */
  purge({ all, paths, prefixes, tags }: Purge): number {
    this.#purges += 1;
    const isMeant = (key: string, entries: readonly Entry[]): boolean => {
      const [path = ""] = key.split("?", 1);
      return (
        all ||
        paths.includes(path) ||
        prefixes.some((prefix) => path.startsWith(prefix)) ||
        entries.some((entry) => entry.tags.some((tag) => tags.includes(tag)))
      );
    };
    const meant = [...this.#entries].filter(([key, entries]) => isMeant(key, entries));
    for (const [key] of meant) this.drop(key);
    return meant.length;
  }
}

const nothing = { known: false, entry: undefined } as const;
