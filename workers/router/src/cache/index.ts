import { redisBinding } from "@trivet/platform/redis";
import type { Env } from "../env.ts";
import { ResponseCache } from "./response-cache.ts";
import { SharedPurges } from "./shared-purges.ts";

export { askedOf, isUsual } from "./asked.ts";
export { asKept, purge } from "./purge.ts";
export { ResponseCache } from "./response-cache.ts";
export { throughCache } from "./through-cache.ts";

export function responseCache(env: Env): ResponseCache {
  const redis = redisBinding(env);
  // Of a Redis inside the process nobody else knows. Two systems on one Redis are told apart by their addresses.
  const prefix = `trivet:cache:${new URL(env.PUBLIC_URL).host}`;
  return new ResponseCache(env.CACHE_BYTES, redis?.shared ? new SharedPurges(redis, prefix) : undefined);
}
