import { TrivetError } from "@trivet/platform";
import type { Interval } from "../schemas.ts";
import { day, intervalStarts, quarter } from "./zone.ts";

/** From a quarter of an hour to before another, in Unix milliseconds. */
export interface Range {
  from: number;
  to: number;
  timeZone: string;
}

interface RangeQuery {
  from?: Date | undefined;
  to?: Date | undefined;
  timeZone?: string | undefined;
}

const usual = 30 * day;
/** What counted events are asked for: two years. */
const longest = 732 * day;
/** What single events are asked for, as each of them is read. */
export const longestOfEvents = 31 * day;
const mostPoints = 1_000;

/** The range that a query means, widened to whole quarters of an hour. Throws `validation_failed` for one that is none. */
export function rangeOf({ from, to, timeZone = "UTC" }: RangeQuery, now: number, longestRange = longest): Range {
  const end = Math.ceil((to?.getTime() ?? now) / quarter) * quarter;
  const start = Math.floor((from?.getTime() ?? end - usual) / quarter) * quarter;
  if (start >= end) throw invalid("/from", "must be before `to`");
  if (end - start > longestRange + quarter) {
    throw invalid("/from", `must be at most ${Math.floor(longestRange / day)} days before \`to\` for this question`);
  }
  return { from: start, to: end, timeZone };
}

/** The parts of a range that lie in one interval of its zone each, in order. */
export function partsOf({ from, to, timeZone }: Range, interval: Interval): Range[] {
  const starts = intervalStarts(interval, timeZone, from, to);
  if (starts.length > mostPoints)
    throw invalid("/interval", `must be longer for this range: at most ${mostPoints} points`);
  return starts.map((start, index) => ({
    from: Math.max(start, from),
    to: Math.min(starts[index + 1] ?? to, to),
    timeZone,
  }));
}

const invalid = (pointer: string, detail: string): TrivetError =>
  new TrivetError("validation_failed", undefined, { errors: [{ in: "query", pointer, detail }] });
