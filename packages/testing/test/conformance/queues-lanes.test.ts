import { join } from "node:path";
import { postgresQueues } from "@trivet/host/queues";
import { createStore } from "@trivet/host/store";
import postgres from "postgres";
import { describe, expect, onTestFinished, test } from "vitest";
import { openQueueHome } from "../../src/conformance/queues/drivers.ts";
import { type HostRuntime, startQueueHost } from "../../src/conformance/queues/start-host.ts";
import { type TimedJob, timedSchema } from "../../src/conformance/queues/timed-worker.ts";
import { createTestDatabase } from "../../src/database/create-test-database.ts";

const worker = join(import.meta.dirname, "../../src/conformance/queues/timed-worker.ts");
const database = '[[hyperdrive]]\nbinding = "DB"\nid = "local"\n';
const oneByOne = { max_batch_size: 1, max_batch_timeout: 0, max_retries: 5 };

interface Run {
  name: string;
  began: Date;
  ended: Date | null;
}

/** A queue whose consumer may run so many batches at a time, and processes that consume it. */
async function bounded(runtime: HostRuntime, most: number) {
  const home = await openQueueHome("postgres");
  onTestFinished(() => home.close());
  const sql = postgres(home.adminUrl, { max: 1, onnotice: () => {} });
  onTestFinished(() => sql.end());
  await sql.unsafe(timedSchema);
  const specs = [{ binding: "JOBS", queue: "jobs", consumer: { ...oneByOne, max_concurrency: most } }];
  return {
    async start() {
      const env = { ...home.env, DATABASE_URL_ROUTER: home.adminUrl };
      const host = await startQueueHost(runtime, specs, env, worker, database);
      onTestFinished(() => host.stop());
      return host;
    },
    send: (jobs: readonly TimedJob[]) =>
      home.driver.send(
        "jobs",
        jobs.map((job) => ({
          ...{ contentType: "json" as const, delaySeconds: 0 },
          body: new TextEncoder().encode(JSON.stringify(job)),
        })),
      ),
    runs: () => sql<Run[]>`SELECT name, began, ended FROM timed.runs ORDER BY id`,
    left: async () => (await home.driver.backlog("jobs")).messages,
    lanesTaken: async () => (await sql`SELECT FROM host.lanes WHERE lease > 0`).length,
  };
}

/** The most that ran at one moment. */
const mostAtOnce = (runs: readonly Run[]): number =>
  Math.max(
    ...runs.map(
      ({ began }) => runs.filter((one) => one.began <= began && (one.ended === null || one.ended > began)).length,
    ),
  );

describe.each(["node", "bun"] as const)("max_concurrency of a consumer in three processes, on %s", (runtime) => {
  test("bounds all of them together, and nothing waits longer than it must", async () => {
    const jobs = await bounded(runtime, 2);
    await Promise.all([jobs.start(), jobs.start(), jobs.start()]);
    await jobs.send(Array.from({ length: 60 }, (_, index) => ({ name: String(index), takes: 30 })));
    await expect.poll(jobs.left).toBe(0);
    const runs = await jobs.runs();
    expect(new Set(runs.map(({ name }) => name)).size).toBe(60);
    expect(mostAtOnce(runs)).toBe(2);
    await expect.poll(jobs.lanesTaken).toBe(0);
  });

  test("is kept while one of them dies, whose place another takes when its lease is over", async () => {
    const jobs = await bounded(runtime, 1);
    const first = await jobs.start();
    await jobs.send([{ name: "held", takes: 60_000 }]);
    await expect.poll(async () => (await jobs.runs()).length).toBe(1);
    await Promise.all([jobs.start(), jobs.start()]);
    await jobs.send([{ name: "next", takes: 0 }]);
    const killed = new Date();
    first.child.kill("SIGKILL");
    await expect.poll(async () => (await jobs.runs()).map(({ name }) => name)).toContain("next");
    const [held, ...later] = await jobs.runs();
    expect(held?.name).toBe("held");
    for (const { began } of later) expect(began.getTime()).toBeGreaterThan(killed.getTime());
    expect(mostAtOnce(later)).toBe(1);
  });
});

describe("a claim whose answer is lost", () => {
  test.each([
    ["without a bound", undefined],
    ["with one", 1],
  ])("is given back by the process that made it, %s", async (_, most) => {
    const { urls, drop } = await createTestDatabase();
    onTestFinished(drop);
    const store = createStore(urls.host ?? "");
    onTestFinished(() => store.close());
    const real = store.database();
    let lose = true;
    const losing: typeof real = {
      ...real,
      async query<Row>(...given: Parameters<typeof real.query>): Promise<Row[]> {
        const rows = await real.query<Row>(...given);
        if (!lose || !given[0].includes("attempts = attempts + 1")) return rows;
        lose = false;
        throw new Error("The connection was lost after the server had committed.");
      },
    };
    const driver = postgresQueues(() => losing);
    onTestFinished(() => driver.close());
    const body = new TextEncoder().encode("x");
    await driver.send("q", [{ contentType: "text", body, delaySeconds: 0 }]);
    const subscription = driver.consume("q", { size: 1, most });
    const patience = () => AbortSignal.timeout(5_000);
    await expect(subscription.receive(1, patience())).rejects.toThrow("lost");
    const [delivery] = await subscription.receive(1, patience());
    expect(delivery).toMatchObject({ attempts: 1 });
  });
});
