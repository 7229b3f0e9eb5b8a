import { Cron } from "croner";
import { readExpression } from "./syntax.ts";

/** When a cron ticks. Times are Unix milliseconds. */
export interface Schedule {
  /** The expression as it stands in the manifest. */
  cron: string;
  /** The same for all expressions that tick alike. */
  pattern: string;
  /** The first tick after `time`. */
  next(time: number): number;
  /** The last tick at or before `time`; undefined where there was none since 1970. */
  latest(time: number): number | undefined;
  /** How many ticks there are between the two, neither counted; stops at a thousand. */
  countBetween(after: number, before: number): number;
}

const countLimit = 1_000;

/** Sentences for what is wrong name the expression. */
export function readSchedule(cron: string): { schedule: Schedule } | { fault: string } {
  const read = readExpression(cron);
  if ("fault" in read) return { fault: `\`triggers.crons\`: "${cron}" ${read.fault}` };
  const ticks = new Cron(read.pattern, { mode: "5-part", timezone: "UTC", alternativeWeekdays: true });
  const after = (time: number): number | undefined => ticks.nextRun(new Date(time))?.getTime();
  if (after(Date.now()) === undefined) return { fault: `\`triggers.crons\`: "${cron}" names a day that never comes` };
  const next = (time: number): number => after(time) ?? Number.POSITIVE_INFINITY;
  return {
    schedule: {
      cron,
      pattern: read.pattern,
      next,
      // croner looks before the time it is given.
      latest: (time) => ticks.previousRuns(1, new Date(time + 1))[0]?.getTime(),
      countBetween(since, before) {
        let count = 0;
        for (let tick = next(since); tick < before && count < countLimit; tick = next(tick)) count += 1;
        return count;
      },
    },
  };
}

/** What is wrong with the crons of one manifest: the expressions, and two that are the same. */
export function cronFaults(crons: readonly string[]): string[] {
  const known = new Map<string, string>();
  return crons.flatMap((cron) => {
    const read = readSchedule(cron);
    if ("fault" in read) return [read.fault];
    const same = known.get(read.schedule.pattern);
    known.set(read.schedule.pattern, cron);
    return same === undefined ? [] : [`\`triggers.crons\`: "${cron}" ticks when "${same}" does; keep one`];
  });
}
