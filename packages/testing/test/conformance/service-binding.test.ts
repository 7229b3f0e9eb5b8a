import { startWorkerd } from "@trivet/deploy/start-workerd";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { bundleWorker } from "../../src/conformance/bundle-worker.ts";
import { serviceBindingCases } from "../../src/conformance/service-binding.ts";
import { workerdDiffers } from "../../src/conformance/workerd-differs.ts";

const worker = (name: string, module: string, bindings: string) => `(name = "${name}", worker = (
  modules = [(name = "${module}.js", esModule = embed "${module}.js")],
  compatibilityDate = "2026-10-01",
  compatibilityFlags = ["nodejs_compat"],
  bindings = [${bindings}],
))`;

// What Cloudflare itself does is the measure of every driver.
describe("[[services]] on workerd", () => {
  let results: Record<string, string> = {};

  beforeAll(async () => {
    const services = [
      worker("main", "caller", '(name = "CALLEE", service = "callee")'),
      worker("callee", "callee", ""),
    ];
    const files = { "caller.js": await bundleWorker("caller"), "callee.js": await bundleWorker("callee") };
    const workerd = await startWorkerd(`[${services.join(", ")}]`, files);
    try {
      const response = await fetch(workerd.url, { signal: AbortSignal.timeout(60_000) });
      results = z.record(z.string(), z.string()).parse(await response.json());
    } finally {
      await workerd.stop();
    }
  }, 90_000);

  const applicable = serviceBindingCases.filter(({ needs }) => needs === undefined);
  test.each(applicable.filter(({ title }) => !Object.hasOwn(workerdDiffers, title)))("$title", ({ title }) => {
    expect(results[title]).toBe("kept");
  });

  // So that a row of the table goes when workerd has caught up.
  test.each(Object.keys(workerdDiffers))("still differs: %s", (title) => {
    expect(results[title]).toMatch(/^(?!kept$)/);
  });
});
