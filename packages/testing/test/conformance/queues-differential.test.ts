import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { availableDrivers, openQueueHome } from "../../src/conformance/queues/drivers.ts";
import type { Entry } from "../../src/conformance/queues/orders.ts";
import { early, generateScenarios, play, traceOf, whenQuiet } from "../../src/conformance/queues/scenarios.ts";
import { startQueueHost } from "../../src/conformance/queues/start-host.ts";
import { startMiniflare } from "../../src/conformance/queues/start-miniflare.ts";
import type { QueueSubject } from "../../src/conformance/queues/subject.ts";

const seed = Number(process.env.TRIVET_FUZZ_SEED ?? 20_261_120);
const count = Number(process.env.TRIVET_QUEUE_SCENARIOS ?? 300);

const { scenarios, queues } = generateScenarios(count, seed);
/** Longer than the longest delay of a scenario. */
const quiet = 2_500;

describe(`${count} generated scenarios of queues, seed ${seed}`, () => {
  const logs = new Map<string, Record<string, Entry[]>>();
  const cleanups: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    const subjects = new Map<string, QueueSubject>([["miniflare", await startMiniflare(queues)]]);
    for (const driver of availableDrivers) {
      for (const runtime of ["node", "bun"] as const) {
        const home = await openQueueHome(driver);
        cleanups.push(home.close);
        subjects.set(`${driver} on ${runtime}`, await startQueueHost(runtime, queues, home.env));
      }
    }
    await Promise.all(
      [...subjects].map(async ([name, subject]) => {
        try {
          await play(subject, scenarios);
          logs.set(name, await whenQuiet(subject, quiet));
        } catch (error) {
          throw new Error(`${name} failed: ${subject.output?.() ?? ""}`, { cause: error });
        } finally {
          await subject.stop();
        }
      }),
    );
  }, 180_000);
  afterAll(async () => {
    for (const cleanup of cleanups) await cleanup();
  });

  const hosts = availableDrivers.flatMap((driver) => ["node", "bun"].map((runtime) => `${driver} on ${runtime}`));

  test.each(hosts)("leave the same trace with %s as with miniflare", (name) => {
    const [oracle, host] = [logs.get("miniflare") ?? {}, logs.get(name) ?? {}];
    const differing = scenarios.flatMap((scenario) => {
      // JetStream stores what is sent together one by one, so the first of it may be delivered before the rest is there.
      const settledBatches = scenario.settledBatches && !name.startsWith("NATS");
      const compared = { ...scenario, settledBatches };
      const [wanted, got] = [oracle, host].map((log) => traceOf(compared, log[scenario.run] ?? []));
      return wanted === got ? [] : [{ ...scenario, wanted, got }];
    });
    expect(differing.slice(0, 3)).toEqual([]);
    expect(Object.keys(oracle)).toHaveLength(count);
  });

  test.each(["miniflare", ...hosts])("no delivery comes before its delay has passed, with %s", (name) => {
    const found = scenarios.flatMap((scenario) => early(scenario, logs.get(name)?.[scenario.run] ?? []));
    expect(found).toEqual([]);
  });
});
