import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { bucketCases } from "../../src/conformance/bucket/index.ts";
import { bundleWorker } from "../../src/conformance/bundle-worker.ts";
import { scratchDirectory } from "../../src/scratch-directory.ts";

// R2 itself answers to nobody without an account; Cloudflare's own simulator of it is the measure.
describe("[[r2_buckets]] on workerd", () => {
  let results: Record<string, string> = {};

  beforeAll(async () => {
    const directory = scratchDirectory();
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        modules: true,
        script: await bundleWorker("bucket"),
        compatibilityDate: "2026-10-01",
        r2Buckets: ["BUCKET"],
        resourcePersistencePath: directory.path,
      }),
    );
    try {
      const response = await miniflare.dispatchFetch("http://suite/");
      results = z.record(z.string(), z.string()).parse(await response.json());
    } finally {
      await miniflare.dispose();
      directory.remove();
    }
  }, 120_000);

  test.each(bucketCases)("$title", ({ title }) => {
    expect(results[title]).toBe("kept");
  });
});
