import { type Requester, Redis as UpstashRedis, type UpstashRequest, type UpstashResponse } from "@upstash/redis";
import type { RedisBinding, RedisCommand } from "./binding.ts";
import { refusedCommand } from "./faults.ts";

/**
 * The part of `@upstash/redis` that holds everywhere: each of these has its case in the conformance suite.
 * Values are written as JSON and read as JSON, so that `"1"` comes back as the number 1; see its documentation.
 */
export type Redis = Pick<
  UpstashRedis,
  | "decr"
  | "decrby"
  | "del"
  | "eval"
  | "evalsha"
  | "exists"
  | "expire"
  | "get"
  | "getdel"
  | "hdel"
  | "hexists"
  | "hget"
  | "hgetall"
  | "hincrby"
  | "hkeys"
  | "hlen"
  | "hmget"
  | "hset"
  | "hsetnx"
  | "hvals"
  | "incr"
  | "incrby"
  | "lindex"
  | "llen"
  | "lpop"
  | "lpush"
  | "lrange"
  | "lrem"
  | "ltrim"
  | "mget"
  | "mset"
  | "multi"
  | "persist"
  | "pexpire"
  | "ping"
  | "pipeline"
  | "pttl"
  | "publish"
  | "rpop"
  | "rpush"
  | "sadd"
  | "scan"
  | "scard"
  | "scriptExists"
  | "scriptLoad"
  | "set"
  | "sismember"
  | "smembers"
  | "srem"
  | "ttl"
  | "type"
  | "unlink"
  | "zadd"
  | "zcard"
  | "zcount"
  | "zincrby"
  | "zpopmin"
  | "zrange"
  | "zrank"
  | "zrem"
  | "zremrangebyrank"
  | "zremrangebyscore"
  | "zscore"
>;

/** The client that services use, over whatever carries the commands: one reading of values for all of them. */
export function redisClient(binding: RedisBinding, deadline: () => number): Redis {
  const requester: Requester = {
    request: async <T>({ path = [], body }: UpstashRequest): Promise<UpstashResponse<T>> => {
      const several = path[0] === "pipeline" || path[0] === "multi-exec";
      const commands = several ? commandsOf(body) : [commandOf(body)];
      const replies = await binding.execute(commands, { deadline: deadline(), atomic: path[0] === "multi-exec" });
      // Of a pipeline each command has its own fate, and `exec({ keepErrors: true })` reads it.
      if (several) return inUpstashForm(replies);
      const [reply] = replies;
      if (reply && "error" in reply) throw refusedCommand(reply.error);
      return inUpstashForm(reply);
    },
  };
  return new UpstashRedis(requester);
}

const commandsOf = (body: unknown): RedisCommand[] => (Array.isArray(body) ? body.map(commandOf) : []);

/** Half a character has no encoding; drivers would each make something else of it. */
const commandOf = (body: unknown): RedisCommand =>
  Array.isArray(body) ? body.map((part: unknown) => String(part).toWellFormed()) : [];

/** The client says what a command answers by the command it has made; a reply is what Redis answered to that one. */
const inUpstashForm = <T>(reply: unknown): UpstashResponse<T> => reply as UpstashResponse<T>;
