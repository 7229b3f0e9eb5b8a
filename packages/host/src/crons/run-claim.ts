import type { LastingDatabase } from "@trivet/db/lasting";
import { describeError } from "@trivet/platform";
import { hostLog } from "../logs/index.ts";
import { type Claim, mostAttempts, renew, settle } from "./claims.ts";
import { about, isOverdue } from "./delays.ts";
import { type Controller, newController } from "./invoke.ts";
import type { Pace } from "./pace.ts";
import type { Schedule } from "./schedule.ts";

/** One cron of one service, and how it is run. */
export interface Job {
  service: string;
  schedule: Schedule;
  /** Rejects when the run failed. */
  run(controller: Controller): Promise<void>;
}

/** What Cloudflare grants a run; after that the next tick no longer waits for it. */
const longestRun = 15 * 60_000;

/** Never rejects: what goes wrong is logged, and the tick is had again where it should be. */
export async function runClaim(database: LastingDatabase, job: Job, claim: Claim, pace: Pace): Promise<void> {
  let retryIn: number | undefined;
  if (!isOverdue(claim)) {
    using _kept = keepLease(database, claim, pace.lease);
    const controller = newController(claim.cron, claim.tick);
    try {
      await job.run(controller);
    } catch (error) {
      const again = controller.retries && claim.attempt < mostAttempts;
      if (again) retryIn = pace.retry * claim.attempt;
      hostLog.error("Cron {cron} of {service} failed at attempt {attempt}; tried again: {again}", {
        ...about(claim),
        again,
        fault: describeError(error),
      });
    }
  }
  await settle(database, claim, retryIn).catch((error: unknown) => {
    hostLog.warn("The end of cron {cron} of {service} could not be noted; its tick may run again: {fault}", {
      ...about(claim),
      fault: describeError(error),
    });
  });
}

/** Renews the lease of a run that goes on, up to the longest a run may take. */
function keepLease(database: LastingDatabase, claim: Claim, lease: number): Disposable {
  const began = performance.now();
  let left = false;
  const timer = setInterval(() => {
    const step = performance.now() - began > longestRun ? leave() : renew(database, claim, lease);
    step.then(
      (kept) => {
        if (!kept && !left) tell("Cron {cron} of {service} was taken over by another process while it ran here");
        left ||= !kept;
        if (left) clearInterval(timer);
      },
      (error: unknown) => tell("The lease of cron {cron} of {service} could not be renewed: {fault}", error),
    );
  }, lease / 3);
  const leave = async (): Promise<boolean> => {
    left = true;
    await settle(database, claim);
    tell("Cron {cron} of {service} runs longer than 15 minutes; its next tick no longer waits for it");
    return false;
  };
  const tell = (sentence: string, error?: unknown): void =>
    hostLog.warn(sentence, { ...about(claim), ...(error !== undefined && { fault: describeError(error) }) });
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
