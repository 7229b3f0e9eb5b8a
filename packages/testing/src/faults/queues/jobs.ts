import { type FaultOptions, faultRun, makeJobs, until } from "./run.ts";

export interface JobsReport {
  jobs: number;
  kills: number;
  lost: number;
  doubled: number;
  /** From the last kill until every job had its effect and nothing was left in the queue. */
  drainedSeconds: number;
}

const concurrency = 24;

/** Kills a process that handles jobs again and again, each time with others in its hands; another takes its place. */
export async function killWorkers(options: FaultOptions, kills: number): Promise<JobsReport> {
  const { jobs } = options;
  // Whoever dies with a message in its hands has used up one of its attempts.
  return await faultRun(options, { concurrency: concurrency / 2, retries: 100 }, async (run) => {
    await run.send(makeJobs(jobs, 10));
    const workers = [await run.startWorker(), await run.startWorker()];
    let lastKill = Date.now();
    for (let kill = 0; kill < kills; kill += 1) {
      const due = ((kill + 0.5) * jobs * 0.9) / kills;
      await until(async () => (await run.outcome()).done >= due, 60_000, `${due} jobs are done`);
      workers.shift()?.child.kill("SIGKILL");
      lastKill = Date.now();
      workers.push(await run.startWorker());
    }
    const settled = async () => (await run.outcome()).done >= jobs && (await run.left()) === 0;
    await until(settled, 60_000, "all jobs are done").catch(() => undefined);
    const drainedSeconds = (Date.now() - lastKill) / 1_000;
    const { done, doubled } = await run.outcome();
    return { jobs, kills, lost: jobs - done, doubled, drainedSeconds };
  });
}
