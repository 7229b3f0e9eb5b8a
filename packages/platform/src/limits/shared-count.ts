import { Breaker } from "../breaker.ts";
import { type RedisBinding, runScript } from "../redis/index.ts";
import { giveBackScript, takeScript } from "./window-scripts.ts";

/** What is asked of the count that all processes share. */
export interface Ask {
  debt: number;
  admitted: number;
  need: number;
  extra: number;
  limit: number;
  /** Milliseconds. */
  length: number;
}

export interface Granted {
  tokens: number;
  /** What all processes have taken. */
  count: number;
  /** Milliseconds until the window ends; undefined where none has begun. */
  left: number | undefined;
}

/** An answer under way. */
export interface Asked {
  /** Settled with the answer, or when nobody should wait for it any longer. */
  inTime: Promise<void>;
  /** Settled when whatever there was to hear has been heard. */
  done: Promise<void>;
}

/** Milliseconds a request waits at most, which is also what the first of an outage loses. */
const patience = 50;
const patienceSlices = 5;
/** Milliseconds until an answer is given up altogether. */
const longestAnswer = 1_000;
/** Milliseconds from an outage to the next attempt. */
const cooldown = 1_000;

/** The windows that all processes share, in Redis, and whether it can be asked now. Plain data, no connection. */
export class SharedCount {
  readonly #redis: RedisBinding;
  readonly #prefix: string;
  readonly #breaker = new Breaker({ threshold: 1, cooldown });
  /** Whether requests may wait for one another's answers, which they may not where each has its own I/O. */
  readonly joins: boolean;

  /** `prefix` is what the keys of this system begin with. */
  constructor(redis: RedisBinding, prefix: string, joins: boolean) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.joins = joins;
  }

  /** False from the first failure on until an attempt in the background has succeeded. */
  get answers(): boolean {
    return this.#breaker.state === "closed";
  }

  /** Whether now is the time for that attempt; who is told so has to make it. */
  get wantsProbe(): boolean {
    return !this.answers && this.#breaker.admits();
  }

  /** Hands the answer to `note` also when it comes late: what has been granted must not get lost. */
  take(key: string, ask: Ask, note: (granted: Granted | undefined) => void): Asked {
    const answered = this.#take(key, ask).then((granted) => {
      this.#breaker[granted ? "succeeded" : "failed"]();
      note(granted);
    });
    let timer: ReturnType<typeof setTimeout>;
    const late = new Promise<void>((resolve) => {
      // In slices: a process that had no time to look at an answer for long has lost one of them, not all.
      const wait = (slices: number): void => {
        timer = setTimeout(() => {
          if (slices > 1) return wait(slices - 1);
          this.#breaker.failed();
          resolve();
        }, patience / patienceSlices);
      };
      wait(patienceSlices);
    });
    const done = answered.finally(() => clearTimeout(timer));
    return { inTime: Promise.race([done, late]), done };
  }

  /** Undefined when there was no answer. The driver says in the log that Redis is gone; we go on without. */
  async #take(key: string, { debt, admitted, need, extra, limit, length }: Ask): Promise<Granted | undefined> {
    try {
      const args = [debt, admitted, need, extra, limit, length];
      const deadline = Date.now() + longestAnswer;
      const reply = await runScript(this.#redis, takeScript, [this.#keyOf(key)], args, { deadline });
      const [tokens = 0, count = 0, left = -1] = Array.isArray(reply) ? reply.map(Number) : [];
      return { tokens, count, left: left < 0 ? undefined : left };
    } catch {
      return undefined;
    }
  }

  /** The count without them; undefined where they are lost until the window ends. */
  async giveBack(key: string, tokens: number, left: number): Promise<number | undefined> {
    const deadline = Date.now() + longestAnswer;
    const reply = runScript(this.#redis, giveBackScript, [this.#keyOf(key)], [tokens, left], { deadline });
    const count = Number(await reply.catch(() => -1));
    return count < 0 ? undefined : count;
  }

  readonly #keyOf = (key: string): string => `${this.#prefix}:${key}`;
}
