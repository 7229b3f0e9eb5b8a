import { cronCases } from "@trivet/testing/conformance/crons";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { run, runtimes } from "../fixtures/process.ts";

describe.each(runtimes)("[triggers] crons on %s", (runtime) => {
  let results: Record<string, string> = {};

  beforeAll(async () => {
    const { exit, output } = run(runtime, "cron-cases-main.ts");
    await exit;
    const line = output()
      .split("\n")
      .find((text) => text.startsWith('{"a run'));
    results = z.record(z.string(), z.string()).parse(JSON.parse(line ?? output()));
  }, 60_000);

  test.each(cronCases)("$title", ({ title }) => {
    expect(results[title]).toBe("kept");
  });
});
