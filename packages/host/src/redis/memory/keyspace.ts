/** A sorted set's members with their scores; sorted when it is read, as ours are small. */
export type SortedSet = Map<string, number>;

/** The types of values, by the names that TYPE answers. */
interface Types {
  string: string;
  hash: Map<string, string>;
  list: string[];
  set: Set<string>;
  zset: SortedSet;
}

export type TypeName = keyof Types;

interface Entry {
  type: TypeName;
  value: Types[TypeName];
  /** Unix milliseconds. */
  expiresAt: number | undefined;
}

/** What a command is refused with, in Redis's words. */
export class Refusal extends Error {}

const wrongType = "WRONGTYPE Operation against a key holding the wrong kind of value";
/** Entries looked at with every write for whether their time is up: more than a write adds, so that none pile up. */
const swept = 4;

/** The data of one Redis in memory. An entry whose time is up is gone, whenever it is looked at. */
export class Keyspace {
  readonly #entries = new Map<string, Entry>();
  readonly now: () => number;
  #sweep: MapIterator<[string, Entry]> | undefined;

  constructor(now: () => number = Date.now) {
    this.now = now;
  }

  entry(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (!entry || !this.#isOver(entry)) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  /** Undefined where there is nothing; refuses a value of another type. */
  get<T extends TypeName>(key: string, type: T): Types[T] | undefined {
    const entry = this.entry(key);
    if (!entry) return undefined;
    if (entry.type !== type) throw new Refusal(wrongType);
    return typed<T>(entry);
  }

  /** The value, or the one that `make` puts there. */
  open<T extends TypeName>(key: string, type: T, make: () => Types[T]): Types[T] {
    const found = this.get(key, type);
    if (found !== undefined) return found;
    const value = make();
    this.put(key, type, value);
    return value;
  }

  put<T extends TypeName>(key: string, type: T, value: Types[T], expiresAt?: number): void {
    this.#sweepSome();
    this.#entries.set(key, { type, value, expiresAt });
  }

  delete(key: string): boolean {
    return this.entry(key) !== undefined && this.#entries.delete(key);
  }

  /** Redis keeps no empty collections. */
  deleteEmpty(key: string, size: number): void {
    if (size === 0) this.#entries.delete(key);
  }

  keys(): string[] {
    return [...this.#entries.keys()].filter((key) => this.entry(key) !== undefined);
  }

  #isOver({ expiresAt }: Entry): boolean {
    return expiresAt !== undefined && this.now() >= expiresAt;
  }

  #sweepSome(): void {
    for (let looked = 0; looked < swept; looked += 1) {
      this.#sweep ??= this.#entries.entries();
      const next = this.#sweep.next();
      if (next.done) {
        this.#sweep = undefined;
        return;
      }
      if (this.#isOver(next.value[1])) this.#entries.delete(next.value[0]);
    }
  }
}

/** An entry's value is of the type it is named by: `put` is the only way in. */
const typed = <T extends TypeName>(entry: Entry): Types[T] => entry.value as Types[T];
