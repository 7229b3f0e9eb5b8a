import { type FaultOptions, faultRun, makeJobs, until } from "./run.ts";

export interface ShareReport {
  lost: number;
  doubled: number;
  /** How often a job was begun beyond the first time. */
  repeated: number;
  /** Processes that did some of the work. */
  workers: number;
}

/** Three processes consume one queue at the same time. */
export async function shareWork(options: FaultOptions): Promise<ShareReport> {
  const jobs = makeJobs(options.jobs, 20).map((job) => ({ ...job, announced: true }));
  return await faultRun(options, { concurrency: 4, retries: 3 }, async (run) => {
    await Promise.all([run.startWorker(), run.startWorker(), run.startWorker()]);
    await run.send(jobs);
    const done = async (): Promise<boolean> => (await run.outcome()).done === jobs.length && (await run.left()) === 0;
    await until(done, 60_000, "all jobs are done").catch(() => undefined);
    const outcome = await run.outcome();
    const [begun] = await run.sql<{ times: number; workers: number }[]>`
      SELECT count(*)::int AS times, count(DISTINCT worker)::int AS workers FROM fault.beginnings`;
    return {
      lost: jobs.length - outcome.done,
      doubled: outcome.doubled,
      repeated: (begun?.times ?? 0) - jobs.length,
      workers: begun?.workers ?? 0,
    };
  });
}
