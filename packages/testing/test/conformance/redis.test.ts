import { join } from "node:path";
import { startWorkerd } from "@trivet/deploy/start-workerd";
import { build } from "esbuild";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { redisCases } from "../../src/conformance/redis.ts";
import { startUpstashProxy } from "../../src/redis/upstash-proxy.ts";
import { root } from "../../src/root.ts";

const redisUrl = process.env.REDIS_URL;

const bundle = async (): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [join(root, "packages/testing/src/conformance/workerd/redis.ts")],
    bundle: true,
    format: "esm",
    write: false,
    external: ["node:*"],
  });
  return outputFiles[0]?.text ?? "";
};

const worker = (url: string, token: string) => `(name = "main", worker = (
  modules = [(name = "redis.js", esModule = embed "redis.js")],
  compatibilityDate = "2026-10-01",
  compatibilityFlags = ["nodejs_compat"],
  globalOutbound = "loopback",
  bindings = [
    (name = "UPSTASH_REDIS_REST_URL", text = "${url}"),
    (name = "UPSTASH_REDIS_REST_TOKEN", text = "${token}"),
  ],
))`;

const loopback = '(name = "loopback", network = (allow = ["private", "local"]))';

describe.skipIf(redisUrl === undefined)(`Redis REST on workerd${redisUrl ? "" : ": REDIS_URL is not set"}`, () => {
  let results: Record<string, string> = {};

  beforeAll(async () => {
    const proxy = await startUpstashProxy(redisUrl ?? "");
    const workerd = await startWorkerd(`[${worker(proxy.url, proxy.token)}, ${loopback}]`, {
      "redis.js": await bundle(),
    });
    try {
      const response = await fetch(workerd.url, { signal: AbortSignal.timeout(60_000) });
      results = z.record(z.string(), z.string()).parse(await response.json());
    } finally {
      await workerd.stop();
      await proxy.stop();
    }
  }, 90_000);

  test.each(redisCases)("$title", ({ title }) => {
    expect(results[title]).toBe("kept");
  });
});
