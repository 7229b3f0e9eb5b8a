import { once } from "node:events";
import { type FaultOptions, faultRun, makeJobs, until } from "./run.ts";

export interface DrainReport {
  exitCode: number | null;
  /** Jobs that were under way when the process was told to stop, and those of them that it finished. */
  begun: number;
  finished: number;
  /** In nobody's hands once it was gone, so that another process has them at once. */
  givenBack: number;
  lost: number;
  doubled: number;
}

const atATime = 4;

/** A process is told to stop in the middle of its work; another one goes on. */
export async function drainWorker(options: FaultOptions): Promise<DrainReport> {
  const jobs = makeJobs(options.jobs, 500);
  return await faultRun(options, { concurrency: atATime, retries: 0 }, async (run) => {
    await run.send(jobs);
    const { child } = await run.startWorker();
    await until(async () => (await run.outcome()).done >= atATime, 60_000, "some jobs are done");
    const exit = once(child, "close");
    child.kill("SIGTERM");
    const [exitCode]: (number | null)[] = await exit;
    const { done: finished } = await run.outcome();
    const { waiting } = await run.driver.depth("jobs");
    await run.startWorker();
    await until(async () => (await run.outcome()).done === jobs.length, 60_000, "the rest is done").catch(
      () => undefined,
    );
    const { done, doubled } = await run.outcome();
    const begun = jobs.length - waiting;
    return { exitCode: exitCode ?? null, begun, finished, givenBack: waiting, lost: jobs.length - done, doubled };
  });
}
