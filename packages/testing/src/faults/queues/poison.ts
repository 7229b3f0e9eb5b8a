import { type FaultOptions, faultRun, graves, makeJobs, until } from "./run.ts";

export interface PoisonReport {
  jobs: number;
  poisoned: number;
  /** Dead letters that are not of poisoned jobs, or poisoned jobs that are not among them. */
  astray: number;
  /** Dead letters that say what their last attempt failed of. */
  withCause: number;
  redriven: number;
  lost: number;
  doubled: number;
}

const every = 100;

/** One job in a hundred fails whatever is done. Then the poison is taken away, and the dead letters are driven again. */
export async function poisonJobs(options: FaultOptions): Promise<PoisonReport> {
  const jobs = makeJobs(options.jobs, 0, every);
  const poisoned = jobs.filter((job) => job.poisoned);
  return await faultRun(options, { concurrency: 24, retries: 2 }, async (run) => {
    await run.send(jobs);
    await run.startWorker();
    const settled = async () =>
      (await run.outcome()).done === jobs.length - poisoned.length && (await run.left()) === 0;
    await until(settled, 60_000, "all healthy jobs are done");
    const letters = await run.driver.browse(graves, jobs.length);
    const wanted = new Map(poisoned.map(({ id, number }) => [id, `Error: job ${number} is poisoned`]));
    const bodies = letters.map(({ body, cause }) => ({ id: idIn(body), cause }));
    const found = new Set(bodies.map(({ id }) => id));
    await run.sql`INSERT INTO fault.antidotes VALUES (1)`;
    const redriven = await run.driver.redrive(graves);
    const all = async () => (await run.outcome()).done === jobs.length && (await run.left()) === 0;
    await until(all, 60_000, "the dead letters have been handled").catch(() => undefined);
    const { done, doubled } = await run.outcome();
    return {
      jobs: jobs.length,
      poisoned: poisoned.length,
      astray: letters.length - found.size + [...wanted.keys()].filter((id) => !found.has(id)).length,
      withCause: bodies.filter(({ id, cause }) => cause === wanted.get(id)).length,
      redriven,
      lost: jobs.length - done,
      doubled,
    };
  });
}

/** A job is JSON with its id. */
const idIn = (body: Uint8Array): string => JSON.parse(new TextDecoder().decode(body)).id;
