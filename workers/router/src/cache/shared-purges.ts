import { type RedisBinding, type RedisCommand, type RedisValue, refusedCommand } from "@trivet/platform/redis";
import { type Purge, purge } from "./purge.ts";

/** Milliseconds between two looks for purges, after which a look is waited for, and for how long it is. */
const lookEvery = 1_000;
const deafAfter = 2_000;
const patience = 50;
const longestAnswer = 1_000;
/** Purges that are kept for processes that have not heard of them; who missed more forgets everything. */
const remembered = 100;
const rememberedFor = 24 * 60 * 60;

/**
 * The purges of all processes, in the Redis they share: a list of the last ones and a count of all. Each process looks
 * once a second while it is asked for something that is kept. While Redis does not answer, only lifetimes end anything.
 */
export class SharedPurges {
  readonly #redis: RedisBinding;
  readonly #list: string;
  readonly #counter: string;
  #heard: number | undefined;
  #lookedAt = 0;
  #heardAt = Date.now();

  /** `prefix` is what the keys of this system begin with. */
  constructor(redis: RedisBinding, prefix: string) {
    this.#redis = redis;
    this.#list = `${prefix}:purges`;
    this.#counter = `${prefix}:purge-count`;
  }

  /** Whether the others will hear of it. */
  async announce(meant: Purge): Promise<boolean> {
    const told = this.#ask(
      ["INCR", this.#counter],
      ["RPUSH", this.#list, JSON.stringify(meant)],
      ["LTRIM", this.#list, String(-remembered), "-1"],
      ["EXPIRE", this.#list, String(rememberedFor)],
    );
    return await told.then(
      () => true,
      () => false,
    );
  }

  /** Undefined where nothing has to be waited for. */
  heed(apply: (heard: Purge) => void, work: { waitUntil(promise: Promise<unknown>): void }): Promise<void> | undefined {
    const now = Date.now();
    if (now - this.#lookedAt < lookEvery) return undefined;
    this.#lookedAt = now;
    const look = this.#look(apply).catch(() => undefined);
    work.waitUntil(look);
    if (now - this.#heardAt < deafAfter) return undefined;
    return Promise.race([look, new Promise<void>((resolve) => setTimeout(resolve, patience))]);
  }

  async #look(apply: (heard: Purge) => void): Promise<void> {
    const [count] = await this.#ask(["GET", this.#counter]);
    const isNews = this.#heard !== undefined && Number(count ?? 0) !== this.#heard;
    this.#heardAt = Date.now();
    this.#heard ??= Number(count ?? 0);
    if (!isNews) return;
    // Both in one go: a purge in between would be taken for one that has been heard of.
    const [counted, listed] = await this.#ask(["GET", this.#counter], ["LRANGE", this.#list, "0", "-1"]);
    const list = Array.isArray(listed) ? listed : [];
    const missed = Number(counted ?? 0) - this.#heard;
    this.#heard = Number(counted ?? 0);
    // Counted anew, as when Redis has lost its memory, or more than are remembered: what they were is not known.
    if (missed < 0 || missed > list.length) return apply(everything);
    for (const text of missed === 0 ? [] : list.slice(-missed)) apply(purgeIn(text));
  }

  async #ask(...commands: RedisCommand[]): Promise<RedisValue[]> {
    const replies = await this.#redis.execute(commands, { deadline: Date.now() + longestAnswer, atomic: true });
    return replies.map((reply) => {
      if ("error" in reply) throw refusedCommand(reply.error);
      return reply.result;
    });
  }
}

const everything: Purge = { all: true, paths: [], prefixes: [], tags: [] };

/** What cannot be read, as of a newer version, may have meant anything. */
function purgeIn(text: unknown): Purge {
  try {
    return purge.parse(JSON.parse(String(text)));
  } catch {
    return everything;
  }
}
