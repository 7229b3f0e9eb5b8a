import { redisCases } from "@trivet/testing/conformance/redis";
import { startUpstashProxy, type UpstashProxy } from "@trivet/testing/redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { run, runtimes } from "../fixtures/process.ts";

const redisUrl = process.env.REDIS_URL;
const why = redisUrl === undefined ? ": REDIS_URL is not set" : "";

const kept = async (runtime: (typeof runtimes)[number], driver: string, env: Record<string, string>) => {
  const { exit, output } = run(runtime, "redis-main.ts", [driver], env);
  await exit;
  const line = output()
    .split("\n")
    .find((text) => text.startsWith('{"a value'));
  return z.record(z.string(), z.string()).parse(JSON.parse(line ?? output()));
};

describe.each(runtimes)("Redis in-process on %s", (runtime) => {
  let results: Record<string, string> = {};
  beforeAll(async () => {
    results = await kept(runtime, "in-process", {});
  }, 60_000);
  test.each(redisCases)("$title", ({ title }) => expect(results[title]).toBe("kept"));
});

describe
  .skipIf(redisUrl === undefined)
  .each(runtimes.flatMap((runtime) => ["RESP", "REST"].map((driver) => ({ runtime, driver }))))(
  `Redis $driver on $runtime${why}`,
  ({ runtime, driver }) => {
    let proxy: UpstashProxy;
    let results: Record<string, string> = {};
    beforeAll(async () => {
      proxy = await startUpstashProxy(redisUrl ?? "");
      const rest = { UPSTASH_REDIS_REST_URL: proxy.url, UPSTASH_REDIS_REST_TOKEN: proxy.token };
      results = await kept(runtime, driver, { REDIS_URL: redisUrl ?? "", ...rest });
    }, 60_000);
    afterAll(() => proxy?.stop());
    test.each(redisCases)("$title", ({ title }) => expect(results[title]).toBe("kept"));
  },
);
