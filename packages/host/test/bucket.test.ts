import { bucketCases } from "@trivet/testing/conformance/bucket";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { run, runtimes } from "./fixtures/process.ts";

describe.each(runtimes)("[[r2_buckets]] files on %s", (runtime) => {
  let results: Record<string, string> = {};

  beforeAll(async () => {
    const { exit, output } = run(runtime, "bucket-main.ts");
    await exit;
    const line = output()
      .split("\n")
      .find((text) => text.startsWith('{"every'));
    results = z.record(z.string(), z.string()).parse(JSON.parse(line ?? output()));
  }, 60_000);

  test.each(bucketCases)("$title", ({ title }) => {
    expect(results[title]).toBe("kept");
  });
});
