/** A command and its arguments, as Redis reads them: `["SET", "key", "value", "PX", "1000"]`. */
export type RedisCommand = readonly string[];

/** What Redis answers, in the shapes of RESP 2: nil is null, a map is a flat list. */
export type RedisValue = string | number | null | RedisValue[];

/** The answer to one command; a command that Redis refuses says so in its own words. */
export type RedisReply = { result: RedisValue } | { error: string };

export interface ExecuteOptions {
  /** Unix milliseconds after which nobody waits for the replies. */
  deadline: number;
  /** Whether nobody else's commands may come in between (MULTI). */
  atomic?: boolean;
}

/**
 * What carries commands to a Redis. A host supplies it as `env.REDIS`; on Workers it is made from
 * `UPSTASH_REDIS_REST_URL` and `_TOKEN`.
 */
export interface RedisBinding {
  /** Whether other processes find the same data there. */
  readonly shared: boolean;
  /**
   * A reply for each command, in order. Rejects with `unavailable` when Redis cannot be reached, and with
   * `deadline_exceeded` when it does not answer in time; the commands may have been carried out then.
   */
  execute(commands: readonly RedisCommand[], options: ExecuteOptions): Promise<RedisReply[]>;
}
