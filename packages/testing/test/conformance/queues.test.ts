import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { queueCases, runQueueCases, suiteQueues } from "../../src/conformance/queues/cases.ts";
import { availableDrivers, openQueueHome } from "../../src/conformance/queues/drivers.ts";
import { miniflareDiffers } from "../../src/conformance/queues/miniflare-differs.ts";
import { startQueueHost } from "../../src/conformance/queues/start-host.ts";
import { startMiniflare } from "../../src/conformance/queues/start-miniflare.ts";

// What Cloudflare's own simulator does is the measure of every driver.
describe("[[queues]] on miniflare", () => {
  let results = new Map<string, string>();

  beforeAll(async () => {
    const subject = await startMiniflare(suiteQueues);
    results = await runQueueCases(subject).finally(() => subject.stop());
  }, 120_000);

  const same = queueCases.filter(({ title }) => !Object.hasOwn(miniflareDiffers, title));
  test.each(same)("$title", ({ title }) => {
    expect(results.get(title)).toBe("kept");
  });

  // So that a row of the table goes when miniflare has caught up.
  test.each(Object.keys(miniflareDiffers))("still differs: %s", (title) => {
    expect(results.get(title)).toMatch(/^(?!kept$)/);
  });
});

describe.each(availableDrivers.flatMap((driver) => (["node", "bun"] as const).map((runtime) => ({ driver, runtime }))))(
  "[[queues]] $driver on $runtime",
  ({ driver, runtime }) => {
    let results = new Map<string, string>();
    let close = async (): Promise<void> => {};

    beforeAll(async () => {
      const home = await openQueueHome(driver);
      close = home.close;
      const subject = await startQueueHost(runtime, suiteQueues, home.env);
      results = await runQueueCases(subject).finally(() => subject.stop());
    }, 120_000);
    afterAll(() => close());

    test.each(queueCases)("$title", ({ title }) => {
      expect(results.get(title)).toBe("kept");
    });
  },
);
