import { type FaultOptions, faultRun, makeJobs, until } from "./run.ts";

export interface ZombieReport {
  /** In the hands of the process when it was stopped. */
  held: number;
  /** Seconds after which another process had done them. */
  takenOverSeconds: number;
  /** Acknowledgements of the resumed process that were refused. */
  refused: number;
  lost: number;
  doubled: number;
}

const refusal = /was refused: its lease had been lost/g;

/** A process is stopped with jobs in its hands, another one does them, and the first one resumes where it was. */
export async function stopWorker(options: FaultOptions): Promise<ZombieReport> {
  const jobs = makeJobs(options.jobs, 2_000).map((job) => ({ ...job, announced: true }));
  return await faultRun(options, { concurrency: jobs.length, retries: 5 }, async (run) => {
    const zombie = await run.startWorker();
    await run.send(jobs);
    const begun = async () => (await run.sql`SELECT FROM fault.beginnings`).length;
    await until(async () => (await begun()) === jobs.length, 30_000, "all jobs are in its hands");
    zombie.child.kill("SIGSTOP");
    const before = await run.outcome();
    await run.startWorker();
    const took = await until(async () => (await run.outcome()).done === jobs.length, 60_000, "another has done them");
    zombie.child.kill("SIGCONT");
    const refusals = () => (zombie.output().match(refusal) ?? []).length;
    await until(async () => refusals() >= jobs.length - before.done, 15_000, "its acknowledgements are refused").catch(
      () => undefined,
    );
    const { done, doubled } = await run.outcome();
    return {
      held: jobs.length - before.done,
      takenOverSeconds: took / 1_000,
      refused: refusals(),
      lost: jobs.length - done,
      doubled,
    };
  });
}
