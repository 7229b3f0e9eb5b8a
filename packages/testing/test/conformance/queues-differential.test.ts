import process from "node:process";
import { beforeAll, describe, expect, test } from "vitest";
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

interface QueueHost {
  driver: (typeof availableDrivers)[number];
  runtime: "node" | "bun";
}

const hosts = new Map<string, QueueHost>();
for (const driver of availableDrivers) {
  for (const runtime of ["node", "bun"] as const) hosts.set(`${driver} on ${runtime}`, { driver, runtime });
}

type Log = Record<string, Entry[]>;

/** What a subject delivers of all scenarios. */
async function record(subject: QueueSubject): Promise<Log> {
  try {
    await play(subject, scenarios);
    return await whenQuiet(subject, quiet);
  } catch (error) {
    throw new Error(`It failed: ${subject.output?.() ?? ""}`, { cause: error });
  } finally {
    await subject.stop();
  }
}

async function recordHost(name: string): Promise<Log> {
  const host = hosts.get(name);
  if (!host) throw new Error(`${name} is none of the hosts`);
  const home = await openQueueHome(host.driver);
  try {
    return await record(await startQueueHost(host.runtime, queues, home.env));
  } finally {
    await home.close();
  }
}

const tooEarly = (log: Log) => scenarios.flatMap((scenario) => early(scenario, log[scenario.run] ?? []));

// One after the other, for they go by the clock, and beside one another they hold each other up.
describe(`${count} generated scenarios of queues, seed ${seed}`, () => {
  let oracle: Log = {};

  beforeAll(async () => {
    oracle = await record(await startMiniflare(queues));
  }, 180_000);

  test("no delivery comes before its delay has passed, with miniflare", () => {
    expect(Object.keys(oracle)).toHaveLength(count);
    expect(tooEarly(oracle)).toEqual([]);
  });

  test.each([...hosts.keys()])("leave the same trace with %s as with miniflare, and none comes early", async (name) => {
    const log = await recordHost(name);
    const differing = scenarios.flatMap((scenario) => {
      // JetStream stores what is sent together one by one, so the first of it may be delivered before the rest is there.
      const settledBatches = scenario.settledBatches && !name.startsWith("NATS");
      const compared = { ...scenario, settledBatches };
      const [wanted, got] = [oracle, log].map((each) => traceOf(compared, each[scenario.run] ?? []));
      return wanted === got ? [] : [{ ...scenario, wanted, got }];
    });
    expect(differing.slice(0, 3)).toEqual([]);
    expect(tooEarly(log)).toEqual([]);
  });
});
