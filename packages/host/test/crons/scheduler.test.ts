import type { LastingDatabase } from "@trivet/db/lasting";
import { configureLogging, type Sink } from "@trivet/platform";
import { createTestDatabase } from "@trivet/testing";
import postgres from "postgres";
import { afterAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { type Job, type Scheduler, startScheduler } from "../../src/crons/index.ts";
import { createStore } from "../../src/store/index.ts";
import { every } from "../fixtures/every.ts";
import { run as runFile, runtimes } from "../fixtures/process.ts";
import { eventually } from "../fixtures/root.ts";

const database = await createTestDatabase();
const url = database.urls.host ?? "";
const sql = postgres(url, { max: 1, onnotice: () => {} });
const store = createStore(url);
afterAll(async () => {
  await store.close();
  await sql.end();
  await database.drop();
});

/** Levels and properties of what has been logged. */
const logged: Readonly<Record<string, unknown>>[] = [];
const remember: Sink = ({ level, properties }) => void logged.push({ level, ...properties });
configureLogging({ level: "info", sinks: { remember } });

beforeEach(async () => {
  await sql`DELETE FROM crons`;
  logged.length = 0;
});

const hour = 3_600_000;
const pace = { lease: 600, look: 100, retry: 50 };

/** The database, and how often it has answered: a scheduler that looks for what is due asks it. */
function counted(): { database: LastingDatabase; answers(): number } {
  const connected = store.database();
  let answers = 0;
  const database: LastingDatabase = {
    ...connected,
    async query<Row>(text: string, values?: Parameters<LastingDatabase["query"]>[1]) {
      const rows = await connected.query<Row>(text, values);
      answers += 1;
      return rows;
    },
  };
  return { database, answers: () => answers };
}

const usual = counted();

/** Resolves when a scheduler has looked, from the beginning, after this moment. */
const lookedAgain = (): Promise<void> => {
  const enough = usual.answers() + 2;
  return eventually(() => usual.answers() >= enough);
};

function start(run: Job["run"], schedule = every(hour)): Scheduler {
  const scheduler = startScheduler(usual.database, [{ service: "a", schedule, run }], pace);
  onTestFinished(() => scheduler.drain());
  return scheduler;
}

/** As if a process had claimed this tick and finished it. */
async function lastRan(tick: number, schedule = every(hour)): Promise<void> {
  await sql`INSERT INTO crons (service, cron, tick) VALUES ('a', ${schedule.cron}, to_timestamp(${tick / 1_000}))`;
}

const settled = (): Promise<void> =>
  eventually(async () => (await sql`SELECT 1 FROM crons WHERE run IS NULL AND retry_at IS NULL`).length === 1);
const latest = (): number => every(hour).latest(Date.now()) ?? 0;

describe("ticks", () => {
  test("of a cron that nobody has seen before are run from the next on", async () => {
    const ran: number[] = [];
    start(async ({ scheduledTime }) => void ran.push(scheduledTime));
    await settled();
    await lookedAgain();
    expect(ran).toEqual([]);
    const begun = Date.now();
    start(async ({ scheduledTime }) => void ran.push(scheduledTime), every(200));
    await eventually(() => ran.length >= 2);
    expect(ran[0]).toBeGreaterThan(begun - 200);
    expect(new Set(ran).size).toBe(ran.length);
  });

  test("that were missed are skipped but for the latest, which is run once, and the log says so", async () => {
    await lastRan(latest() - 4 * hour);
    const ran: number[] = [];
    start(async ({ scheduledTime }) => void ran.push(scheduledTime));
    await eventually(() => ran.length === 1);
    await settled();
    expect(ran).toEqual([latest()]);
    expect(logged).toEqual([expect.objectContaining({ level: "info", skipped: 3, crons: 1 })]);
  });

  test("of many crons that passed before the process began are one line, and no warning", async () => {
    const crons = [every(hour), every(hour / 2), every(hour / 4)];
    for (const schedule of crons) await lastRan((schedule.latest(Date.now()) ?? 0) - 3 * hour, schedule);
    const ran: string[] = [];
    const jobs = crons.map((schedule) => ({
      service: "a",
      schedule,
      run: async ({ cron }: { cron: string }) => void ran.push(cron),
    }));
    const scheduler = startScheduler(store.database(), jobs, pace);
    onTestFinished(() => scheduler.drain());
    await eventually(() => ran.length === 3);
    expect(ran.toSorted()).toEqual(crons.map(({ cron }) => cron).toSorted());
    expect(logged).toEqual([expect.objectContaining({ level: "info", skipped: 2 + 5 + 11, crons: 3 })]);
  });

  test("that are skipped while the process is there are a warning", async () => {
    const { promise: end, resolve: finish } = Promise.withResolvers<void>();
    await lastRan(every(100).latest(Date.now()) ?? 0, every(100));
    const ran: number[] = [];
    start(async ({ scheduledTime }) => {
      ran.push(scheduledTime);
      if (ran.length === 2) await end;
    }, every(100));
    await eventually(() => ran.length === 2);
    await eventually(() => Date.now() > (ran[1] ?? 0) + 350);
    logged.length = 0;
    finish();
    await eventually(() => ran.length === 3);
    expect(logged[0]).toMatchObject({ level: "warning", cron: every(100).cron, service: "a", attempt: 1 });
    expect(logged[0]?.skipped).toBeGreaterThanOrEqual(2);
  });

  test("that come late while none before them was skipped are nothing to log", async () => {
    await lastRan(latest() - hour);
    const ran: number[] = [];
    start(async ({ scheduledTime }) => void ran.push(scheduledTime));
    await eventually(() => ran.length === 1);
    await settled();
    expect(logged).toEqual([]);
  });

  test("that are older than half a day are skipped altogether", async () => {
    const ticked = Date.now() - 13 * hour;
    const schedule = {
      ...every(hour),
      latest: () => ticked,
      next: (time: number) => (time < ticked ? ticked : Infinity),
    };
    await lastRan(ticked - hour, schedule);
    const ran: number[] = [];
    start(async ({ scheduledTime }) => void ran.push(scheduledTime), schedule);
    await eventually(() => logged.length > 0);
    await settled();
    expect(ran).toEqual([]);
    expect(logged).toEqual([expect.objectContaining({ level: "info", skipped: 1 })]);
  });

  test.each([
    ["are tried again, three times in all", false, 3],
    ["are not tried again when the run says so", true, 1],
  ])("whose run fails %s", async (_, noRetry, times) => {
    await lastRan(latest() - hour);
    let tries = 0;
    start(async (controller) => {
      tries += 1;
      if (noRetry) controller.noRetry();
      throw new Error("no luck");
    });
    await eventually(() => tries === times);
    await settled();
    await lookedAgain();
    expect(tries).toBe(times);
    const announced = logged.map(({ again }) => again).filter((again) => again !== undefined);
    expect(announced).toEqual([...Array.from({ length: times - 1 }, () => true), false]);
  });

  test("that come due while a run is under way wait for it, and only the latest of them is run", async () => {
    const before = every(100).latest(Date.now()) ?? 0;
    await lastRan(before, every(100));
    let atATime = 0;
    let most = 0;
    const ran: number[] = [];
    const scheduler = start(async ({ scheduledTime }) => {
      atATime += 1;
      most = Math.max(most, atATime);
      await eventually(() => Date.now() >= scheduledTime + 450);
      atATime -= 1;
      ran.push(scheduledTime);
    }, every(100));
    await eventually(() => ran.length >= 3);
    await scheduler.drain();
    expect(most).toBe(1);
    const skipped = logged.map((line) => Number(line.skipped ?? 0)).reduce((sum, count) => sum + count, 0);
    expect(((ran.at(-1) ?? 0) - before) / 100).toBe(ran.length + skipped);
  });

  test("are not run before the database's clock says so, whatever this machine's says", async () => {
    const real = Date.now;
    const ahead = vi.spyOn(Date, "now").mockImplementation(() => real() + hour);
    onTestFinished(() => ahead.mockRestore());
    await lastRan(every(hour).latest(real()) ?? 0);
    const ran: number[] = [];
    start(async ({ scheduledTime }) => void ran.push(scheduledTime));
    await eventually(async () => (await sql`SELECT 1 FROM crons`).length === 1);
    await lookedAgain();
    expect(ran).toEqual([]);
    await sql`UPDATE crons SET tick = tick - interval '1 hour'`;
    await eventually(() => ran.length === 1);
    expect(ran).toEqual([every(hour).latest(real())]);
  });
});

test("a drain waits for the run that is under way, and nothing is claimed after it", async () => {
  await lastRan(latest() - hour);
  const { promise: end, resolve: finish } = Promise.withResolvers<void>();
  let runs = 0;
  const scheduler = start(async () => {
    runs += 1;
    await end;
  });
  await eventually(() => runs === 1);
  let hasDrained = false;
  const drained = scheduler.drain().then(() => {
    hasDrained = true;
  });
  // Time enough for a drain that would wait for no more than what was asked of the database.
  for (let round = 0; round < 3; round += 1) await sql`SELECT 1`;
  expect(hasDrained).toBe(false);
  finish();
  await drained;
  await settled();
  await sql`UPDATE crons SET tick = tick - interval '1 hour'`;
  const before = usual.answers();
  const others: number[] = [];
  const another = counted();
  const job = { service: "a", schedule: every(hour), run: async () => void others.push(1) };
  const second = startScheduler(another.database, [job], pace);
  onTestFinished(() => second.drain());
  // Three looks more than it takes to run the tick: the first would have looked at least once meanwhile.
  await eventually(() => another.answers() >= 7);
  expect({ answers: usual.answers(), runs, others: others.length }).toEqual({ answers: before, runs: 1, others: 1 });
});

describe("replicas", () => {
  const ticksIn = (output: string): number[] => [...output.matchAll(/^ran (\d+)$/gm)].map(([, tick]) => Number(tick));
  const skippedIn = (output: string): number =>
    [...output.matchAll(/"skipped":(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);

  test("three of them, on Node and Bun: each tick is run by one, once", async () => {
    const replicas = ["node", "bun", "node"] as const;
    const before = every(250).latest(Date.now()) ?? 0;
    await lastRan(before, every(250));
    const running = replicas.map((runtime) => runFile(runtime, "crons-main.ts", [url, "250"]));
    const output = (): string => running.map((one) => one.output()).join("");
    await eventually(() => ticksIn(output()).length >= 8);
    for (const { child } of running) child.kill("SIGTERM");
    await Promise.all(running.map(({ exit }) => exit));
    const ticks = ticksIn(output()).sort((a, b) => a - b);
    expect(new Set(ticks).size).toBe(ticks.length);
    expect(((ticks.at(-1) ?? 0) - before) / 250).toBe(ticks.length + skippedIn(output()));
  });

  test.each(runtimes)(
    "one on %s that is killed in the middle of a run: another one runs that tick again",
    async (runtime) => {
      await lastRan(latest() - hour);
      const first = runFile(runtime, "crons-main.ts", [url, String(hour), "hang"]);
      await eventually(() => ticksIn(first.output()).length === 1);
      const second = runFile(runtime, "crons-main.ts", [url, String(hour)]);

      // It would take what the next test is to find.
      onTestFinished(() => void second.child.kill("SIGKILL"));
      // Until a lease that was not renewed would have ended, and the second would have seen it at its next look.
      const renewed = async () => (await sql`SELECT leased_until FROM crons`)[0]?.leased_until.getTime();
      const granted = await renewed();
      await eventually(async () => (await renewed()) > granted + pace.lease);
      expect(ticksIn(second.output())).toEqual([]);
      first.child.kill("SIGKILL");
      await eventually(() => ticksIn(second.output()).length === 1);
      expect(ticksIn(second.output())).toEqual(ticksIn(first.output()));
      expect(second.output()).toContain('"attempt":2');
    },
  );
});
