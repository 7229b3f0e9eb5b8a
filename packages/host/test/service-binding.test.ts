import { serviceBindingCases } from "@trivet/testing/conformance/service-binding";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { run, runtimes } from "./fixtures/process.ts";

/** Replicas: one that answers, and one that is gone and is asked first. */
const offers = {
  "in-process": [],
  http: ["unreachable", "connections"],
  replicas: ["unreachable"],
} as const;
const drivers = ["in-process", "http", "replicas"] as const;

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

    const offered = new Set<string | undefined>([undefined, ...offers[driver]]);
    const applicable = serviceBindingCases.filter(({ needs }) => offered.has(needs));
    test.each(applicable)("$title", ({ title }) => {
      expect(results[title]).toBe("kept");
    });
  },
);
