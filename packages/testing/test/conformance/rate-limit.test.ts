import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { bundleWorker } from "../../src/conformance/bundle-worker.ts";
import { rateLimitCases, rateLimitSections } from "../../src/conformance/rate-limit.ts";

// The rate limits of Cloudflare answer to nobody without an account; its own simulator of them is the measure.
describe("[[ratelimits]] on workerd", () => {
  let results: Record<string, string> = {};

  beforeAll(async () => {
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        modules: true,
        script: await bundleWorker("rate-limit"),
        compatibilityDate: "2026-10-01",
        ratelimits: Object.fromEntries(rateLimitSections.map(({ name, ...section }) => [name, section])),
      }),
    );
    try {
      const response = await miniflare.dispatchFetch("http://suite/");
      results = z.record(z.string(), z.string()).parse(await response.json());
    } finally {
      await miniflare.dispose();
    }
  }, 120_000);

  test.each(rateLimitCases)("$title", ({ title }) => expect(results[title]).toBe("kept"));
});
