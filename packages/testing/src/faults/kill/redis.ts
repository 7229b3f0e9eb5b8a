import { setTimeout as pause } from "node:timers/promises";
import type { Runtime } from "../../system/start-process.ts";
import { failuresIn, startLoad } from "../load.ts";
import { startRouters } from "../router-with-redis.ts";

export interface RedisReport {
  requests: number;
  kills: number;
  /** Of the requests: what Redis kept may be gone, but everybody is answered. */
  failed: number;
}

/** Kills the Redis of two routers again and again while requests go on. */
export async function killRedis(runtime: Runtime, kills: number): Promise<RedisReport> {
  const routers = await startRouters(runtime, 2, { RATE_LIMIT_ADDRESS: "1000000" });
  try {
    const url = `http://127.0.0.1:${routers.port}`;
    const load = startLoad(100, url, (index) => ({ method: index % 4 ? "GET" : "PUT", path: `/users/${index}` }));
    for (let kill = 0; kill < kills; kill += 1) {
      await pause(1_000);
      await routers.redis.kill();
      await pause(1_000);
      await routers.redis.start();
    }
    await pause(1_000);
    const outcomes = await load.stop();
    return { requests: outcomes.length, kills, failed: failuresIn(outcomes).length };
  } finally {
    await routers.stop();
  }
}
