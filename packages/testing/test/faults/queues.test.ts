import { describe, expect, test } from "vitest";
import { availableDrivers } from "../../src/conformance/queues/drivers.ts";
import { drainWorker } from "../../src/faults/queues/drain.ts";
import { killWorkers } from "../../src/faults/queues/jobs.ts";
import { poisonJobs } from "../../src/faults/queues/poison.ts";
import { shareWork } from "../../src/faults/queues/share.ts";
import { stopWorker } from "../../src/faults/queues/zombie.ts";

// Short forms of `npm run fault:jobs`, `fault:poison` and `fault:zombie`. Most of what they take is the lease running out.
describe.concurrent.each(availableDrivers)("faults of queues on %s", (driver) => {
  const runtime = "node";

  test("three processes share a queue: each job is begun by one of them, once", { timeout: 90_000 }, async () => {
    const report = await shareWork({ driver, runtime, jobs: 300 });
    expect(report).toEqual({ lost: 0, doubled: 0, repeated: 0, workers: 3 });
  });

  test("workers killed with jobs in their hands: none is lost, none has two effects, all are done in 15 s", {
    timeout: 90_000,
  }, async () => {
    const report = await killWorkers({ driver, runtime, jobs: 400 }, 1);
    expect(report).toMatchObject({ lost: 0, doubled: 0 });
    expect(report.drainedSeconds).toBeLessThanOrEqual(15);
  });

  test("poisoned jobs, and they alone, become dead letters with their cause; driven again each runs once", {
    timeout: 90_000,
  }, async () => {
    const report = await poisonJobs({ driver, runtime, jobs: 400 });
    expect(report).toMatchObject({
      astray: 0,
      withCause: report.poisoned,
      redriven: report.poisoned,
      lost: 0,
      doubled: 0,
    });
    expect(report.poisoned).toBe(3);
  });

  test("a worker told to stop finishes what it has begun and gives back the rest at once", {
    timeout: 90_000,
  }, async () => {
    // Without a retry, so that a job given back with an attempt used up would be lost.
    const report = await drainWorker({ driver, runtime, jobs: 20 });
    expect(report).toMatchObject({ exitCode: 0, finished: report.begun, lost: 0, doubled: 0 });
    expect(report.givenBack).toBeGreaterThan(0);
  });

  test("a worker stopped past its lease and resumed: its late acknowledgements and writes are refused", {
    timeout: 90_000,
  }, async () => {
    const report = await stopWorker({ driver, runtime, jobs: 20 });
    expect(report).toMatchObject({ lost: 0, doubled: 0, refused: report.held });
    expect(report.held).toBe(20);
  });
});
