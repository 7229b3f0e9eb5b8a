import { hostLog } from "../logs/index.ts";
import type { Claim } from "./claims.ts";
import type { Schedule } from "./schedule.ts";

/** A tick that was missed is made up for when it is not older than this: half a day late is better than not at all. */
const longestLateness = 12 * 3_600_000;

export const isOverdue = ({ late }: Claim): boolean => late > longestLateness;

/** Of a claim, what every line about it names. */
export const about = ({ service, cron, tick, attempt }: Claim) => ({
  service,
  cron,
  scheduled_time: new Date(tick).toISOString(),
  attempt,
});

/**
 * Says what has not run, or not in time. Nothing is wrong with ticks that passed before `begun`, when this process was
 * not there: all of them are one line. What is skipped later tells of a run or a database that is too slow.
 */
export function tellOfDelays(claimed: readonly { schedule: Schedule; claim: Claim }[], begun: number): void {
  const past: { claim: Claim; skipped: number }[] = [];
  for (const { schedule, claim } of claimed) {
    if (claim.attempt > 1) {
      hostLog.warn("Cron {cron} of {service} is run again: attempt {attempt}", about(claim));
      continue;
    }
    if (claim.lost) hostLog.warn("The run of cron {cron} of {service} before this one was cut off", about(claim));
    const skipped = schedule.countBetween(claim.before, claim.tick) + (isOverdue(claim) ? 1 : 0);
    if (skipped === 0) continue;
    if (claim.tick <= begun) past.push({ claim, skipped });
    else tellOfSkipped(claim, skipped);
  }
  if (past.length > 0) tellOfPast(past);
}

function tellOfSkipped(claim: Claim, skipped: number): void {
  hostLog.warn("Cron {cron} of {service} is {late_s} s late; ticks before it that were skipped: {skipped}", {
    ...about(claim),
    late_s: Math.round(claim.late / 1_000),
    skipped,
  });
}

function tellOfPast(past: readonly { claim: Claim; skipped: number }[]): void {
  hostLog.info("Ticks that passed before this process began, and are skipped: {skipped}, of {crons} crons", {
    skipped: past.reduce((sum, one) => sum + one.skipped, 0),
    crons: past.length,
  });
}
