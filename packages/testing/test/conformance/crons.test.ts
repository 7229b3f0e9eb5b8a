import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { bundleWorker } from "../../src/conformance/bundle-worker.ts";
import { type CronSubject, cronCases } from "../../src/conformance/crons.ts";

const runResult = z.object({ outcome: z.string(), noRetry: z.boolean() });

// What `wrangler dev` runs; Cloudflare's own ticks cannot be asked for.
describe("[triggers] crons on workerd", () => {
  let miniflare: Miniflare | undefined;
  let subject: CronSubject | undefined;

  beforeAll(async () => {
    const running = new Miniflare(
      convertV4MiniflareOptions({
        modules: true,
        script: await bundleWorker("crons"),
        compatibilityDate: "2026-10-01",
        unsafeTriggerHandlers: true,
        bindings: { GREETING: "hello" },
      }),
    );
    miniflare = running;
    const get = async (path: string, query: Record<string, string>): Promise<unknown> =>
      await (await running.dispatchFetch(`http://crons${path}?${new URLSearchParams(query)}`)).json();
    subject = {
      async tick(cron, scheduledTime) {
        const query = { cron, time: String(scheduledTime), format: "json" };
        const { outcome, noRetry } = runResult.parse(await get("/cdn-cgi/local/scheduled", query));
        return { failed: outcome !== "ok", noRetry };
      },
      notes: async (cron) => z.array(z.unknown()).parse(await get("/", { cron })),
    };
  }, 120_000);
  afterAll(() => miniflare?.dispose());

  test.each(cronCases)("$title", async ({ run }) => {
    if (!subject) throw new Error("workerd did not start");
    await expect(run(subject)).resolves.toBeUndefined();
  });
});
