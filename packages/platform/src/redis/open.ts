import { TrivetError } from "../errors.ts";
import type { Invocation } from "../invocation.ts";
import type { RedisBinding } from "./binding.ts";
import { type Redis, redisClient } from "./client.ts";
import { restBinding } from "./rest.ts";

/** What a service's `env` may say of Redis. */
export interface RedisEnv {
  /** From a host; Cloudflare has no such binding. */
  REDIS?: RedisBinding | undefined;
  UPSTASH_REDIS_REST_URL?: string | undefined;
  UPSTASH_REDIS_REST_TOKEN?: string | undefined;
}

/** Milliseconds a command may take where nothing upstream is more pressing. */
const patience = 2_000;

/** The Redis of this `env`; undefined where none is configured, for services that can do without. */
export function redisBinding(env: RedisEnv): RedisBinding | undefined {
  if (env.REDIS) return env.REDIS;
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = env;
  return url && token ? restBinding(url, token) : undefined;
}

/**
 * The Redis of this `env`, for one invocation: no command outlasts it. A command rejects with `unavailable`,
 * `deadline_exceeded`, or `corrupt_data` when what is stored is not of the type it works on.
 */
export function openRedis(env: RedisEnv, invocation?: Pick<Invocation, "deadline">): Redis {
  const binding = redisBinding(env);
  if (!binding) {
    const cause = new Error("Set UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN.");
    throw new TrivetError("unavailable", undefined, { cause });
  }
  return redisClient(binding, () => Math.min(invocation?.deadline ?? Number.POSITIVE_INFINITY, Date.now() + patience));
}
