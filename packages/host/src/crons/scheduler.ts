import type { LastingDatabase } from "@trivet/db/lasting";
import { describeError } from "@trivet/platform";
import { hostLog } from "../logs/index.ts";
import { type Claim, claimTicks, databaseTime, introduce, type Tick } from "./claims.ts";
import { tellOfDelays } from "./delays.ts";
import { type Pace, usualPace } from "./pace.ts";
import { type Job, runClaim } from "./run-claim.ts";

export interface Scheduler {
  /** Claims nothing more; resolves when what runs has ended. */
  drain(): Promise<void>;
}

/**
 * Runs crons at their ticks, each tick in one process however many share the database. Of a cron one run is under way
 * at a time; ticks that come due meanwhile, or while no process was there, are skipped but for the latest.
 */
export function startScheduler(database: LastingDatabase, jobs: readonly Job[], pace: Pace = usualPace): Scheduler {
  const running = new Set<Promise<void>>();
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let looking: Promise<void> | undefined;
  let again = false;
  /** How far the database's clock is ahead of this machine's; undefined before it was asked. */
  let ahead: number | undefined;
  /** By the database's clock. */
  let begun = 0;

  const now = (): number => Date.now() + (ahead ?? 0);

  const wakeIn = (milliseconds: number): void => {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(look, Math.max(0, milliseconds));
  };

  const look = (): void => {
    again = looking !== undefined;
    looking ??= claimDue().finally(() => {
      looking = undefined;
      if (again) wakeIn(0);
    });
  };

  const claimDue = async (): Promise<void> => {
    try {
      if (ahead === undefined) {
        begun = await databaseTime(database);
        ahead = begun - Date.now();
        await introduce(database, latestTicks(jobs, now()));
      }
      const { now: theirs, claims } = await claimTicks(database, latestTicks(jobs, now()), pace.lease);
      ahead = theirs - Date.now();
      const claimed = claims.map((claim) => ({ claim, job: jobOf(claim) }));
      tellOfDelays(
        claimed.map(({ claim, job }) => ({ claim, schedule: job.schedule })),
        begun,
      );
      for (const { claim, job } of claimed) start(claim, job);
      const next = Math.min(...jobs.map(({ schedule }) => schedule.next(now())));
      wakeIn(Math.min(next - now(), pace.look * (0.75 + Math.random() / 2)));
    } catch (error) {
      hostLog.warn("Crons cannot be claimed: {fault}", { fault: describeError(error) });
      wakeIn(Math.min(pace.look, 5_000) * (0.5 + Math.random()));
    }
  };

  const jobOf = (claim: Claim): Job => {
    const job = jobs.find(({ service, schedule }) => service === claim.service && schedule.cron === claim.cron);
    if (!job) throw new Error(`${claim.service} was not asked for the cron ${claim.cron}`);
    return job;
  };

  const start = (claim: Claim, job: Job): void => {
    const run = runClaim(database, job, claim, pace).finally(() => {
      running.delete(run);
      // The next tick may have come due meanwhile.
      if (!stopped) look();
    });
    running.add(run);
  };

  wakeIn(0);
  return {
    async drain() {
      stopped = true;
      clearTimeout(timer);
      await looking;
      await Promise.all(running);
    },
  };
}

const latestTicks = (jobs: readonly Job[], time: number): Tick[] =>
  jobs.flatMap(({ service, schedule }) => {
    const tick = schedule.latest(time);
    return tick === undefined ? [] : [{ service, cron: schedule.cron, tick }];
  });
