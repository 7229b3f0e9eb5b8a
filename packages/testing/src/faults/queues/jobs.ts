import { timed } from "../../timed.ts";
import { type FaultOptions, faultRun, makeJobs, until } from "./run.ts";

export interface JobsReport {
  jobs: number;
  kills: number;
  lost: number;
  doubled: number;
  /** From the last kill until every job had its effect and nothing was left in the queue, by the clock of `timed`. */
  drainedSeconds: number;
}

/** Of both workers together. */
const concurrency = 24;

/** Kills a process that handles jobs again and again, each time with others in its hands; another takes its place. */
export async function killWorkers(options: FaultOptions, kills: number): Promise<JobsReport> {
  const { jobs } = options;
  const ofQueue = options.driver === "NATS" ? concurrency / 2 : concurrency;
  // Whoever dies with a message in its hands has used up one of its attempts.
  return await faultRun(options, { concurrency: ofQueue, retries: 100 }, async (run) => {
    await run.send(makeJobs(jobs, 10));
    const workers = [await run.startWorker(), await run.startWorker()];
    for (let kill = 0; kill < kills; kill += 1) {
      if (kill > 0) workers.push(await run.startWorker());
      const due = ((kill + 0.5) * jobs * 0.9) / kills;
      await until(async () => (await run.outcome()).done >= due, 60_000, `${due} jobs are done`);
      workers.shift()?.child.kill("SIGKILL");
    }
    const settled = async () => (await run.outcome()).done >= jobs && (await run.left()) === 0;
    const rest = async () => {
      await run.startWorker();
      await until(settled, 60_000, "all jobs are done").catch(() => undefined);
    };
    const { milliseconds } = await timed(rest, run.probe);
    const { done, doubled } = await run.outcome();
    return { jobs, kills, lost: jobs - done, doubled, drainedSeconds: milliseconds / 1_000 };
  });
}
