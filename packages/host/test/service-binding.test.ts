import { serviceBindingCases } from "@trivet/testing/conformance/service-binding";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { run, runtimes } from "./fixtures/process.ts";

const drivers = ["in-process", "http"] as const;
const connected = new Set(["unreachable", "connections"]);

describe.each(runtimes.flatMap((runtime) => drivers.map((driver) => ({ runtime, driver }))))(
  "[[services]] $driver on $runtime",
  ({ runtime, driver }) => {
    let results: Record<string, string> = {};

    beforeAll(async () => {
      const { exit, output } = run(runtime, "conformance-main.ts", [driver]);
      await exit;
      const line = output()
        .split("\n")
        .find((text) => text.startsWith('{"method'));
      results = z.record(z.string(), z.string()).parse(JSON.parse(line ?? output()));
    }, 60_000);

    const applicable = serviceBindingCases.filter(({ needs }) => driver === "http" || !connected.has(needs ?? ""));
    test.each(applicable)("$title", ({ title }) => {
      expect(results[title]).toBe("kept");
    });
  },
);
