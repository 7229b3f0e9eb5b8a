import { openRedis, type RedisEnv, redisBinding } from "@trivet/platform/redis";
import { redisCases } from "../redis.ts";

/** A Worker that runs every case over the Redis of its variables and answers what became of each. */
export default {
  async fetch(_: Request, env: RedisEnv): Promise<Response> {
    const binding = redisBinding(env);
    if (!binding) return Response.json({});
    await openRedis(env).ping();
    const results: Record<string, string> = {};
    for (const { title, run } of redisCases) {
      results[title] = await run({ binding }).then(
        () => "kept",
        (error: unknown) => String(error),
      );
    }
    return Response.json(results);
  },
};
