import type { InvocationContext, RateLimitBinding } from "@trivet/platform";
import { RateLimiter, SharedCount } from "@trivet/platform/limits";
import type { RedisBinding } from "@trivet/platform/redis";

export interface RateLimitSection {
  binding: string;
  namespace: string;
  /** Requests a period. */
  limit: number;
  /** Seconds. */
  period: number;
}

/**
 * Makes the bindings of `[[ratelimits]]`. Those of one namespace count together, whatever the service, as on
 * Cloudflare: in this process, or of all processes where they share a Redis.
 */
export function rateLimitBinder(redis: RedisBinding | undefined, background: InvocationContext) {
  const count = redis?.shared ? new SharedCount(redis, "trivet:ratelimit", true) : undefined;
  const sharing = count && { count, waitUntil: background.waitUntil };
  const limiters = new Map<string, RateLimiter>();
  return ({ namespace, limit, period }: RateLimitSection): RateLimitBinding => {
    const name = `${namespace}:${period}`;
    // The limit is the binding's own, the count the namespace's.
    const id = `${name}:${limit}`;
    const limiter = limiters.get(id) ?? new RateLimiter({ name, limit, length: period * 1_000 });
    limiters.set(id, limiter);
    return {
      async limit(options) {
        const { allowed } = await limiter.take(keyOf(options), sharing);
        return { success: allowed };
      },
    };
  };
}

/** What is no key is refused in Cloudflare's words: callers of a binding may come without types. */
function keyOf(options: unknown): string {
  if (typeof options !== "object" || options === null) throw new Error("invalid rate limit options");
  const others = Object.keys(options).filter((name) => name !== "key");
  if (others.length > 0) throw new Error(`bad rate limit options: [${others.join(",")}]`);
  const key = "key" in options ? options.key : "";
  if (typeof key !== "string") throw new Error(`invalid key: ${String(key)}`);
  return key;
}
