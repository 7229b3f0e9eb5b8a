import type { Interval } from "../schemas.ts";

/** Milliseconds. */
export const minute = 60_000;
export const quarter = 15 * minute;
export const hour = 60 * minute;
export const day = 24 * hour;

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making one costs more than a thousand uses; there are some 600 zones. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const parts = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" } as const;
  const made = new Intl.DateTimeFormat("en-US", { timeZone, calendar: "gregory", hourCycle: "h23", ...parts });
  formats.set(timeZone, made);
  return made;
}

/** Milliseconds by which clocks of the zone are ahead of UTC at an instant, to the minute. */
export function offsetAt(timeZone: string, at: number): number {
  if (timeZone === "UTC") return 0;
  const parts = Object.fromEntries(
    formatOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day: date = 1, hour: hours = 0, minute: minutes = 0 } = parts;
  return Date.UTC(year, month - 1, date, hours, minutes) - Math.floor(at / minute) * minute;
}

/**
 * When clocks of a zone first show a local time, given as milliseconds of a clock that shows UTC; where they jump over it,
 * when they jump.
 */
function instantOf(timeZone: string, local: number): number {
  const before = local - offsetAt(timeZone, local - day);
  const after = local - offsetAt(timeZone, local + day);
  const shown = [before, after].filter((at) => at + offsetAt(timeZone, at) === local);
  return shown.length === 0 ? before : Math.min(...shown);
}

/** The local date that begins an interval, `steps` intervals on. */
function localStart(interval: Exclude<Interval, "hour">, local: number, steps: number): number {
  const date = new Date(local);
  const [year, month, monthDay] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  if (interval === "month") return Date.UTC(year, month + steps, 1);
  if (interval === "day") return Date.UTC(year, month, monthDay + steps);
  // ISO 8601: weeks begin on Monday.
  return Date.UTC(year, month, monthDay - ((date.getUTCDay() + 6) % 7) + 7 * steps);
}

/** The beginnings of the intervals of a zone that a range touches, in order; the first may lie before it. */
export function intervalStarts(interval: Interval, timeZone: string, from: number, to: number): number[] {
  const starts: number[] = [];
  if (interval === "hour") {
    for (let at = hourStart(timeZone, from); at < to; at = nextHour(timeZone, at)) starts.push(at);
    return starts;
  }
  const local = from + offsetAt(timeZone, from);
  for (let step = 0; ; step += 1) {
    const at = instantOf(timeZone, localStart(interval, local, step));
    if (at >= to) return starts;
    starts.push(at);
  }
}

/** Where clocks are set back by half an hour, an hour is cut short. */
function nextHour(timeZone: string, at: number): number {
  const next = hourStart(timeZone, at + hour);
  return next > at ? next : at + hour;
}

function hourStart(timeZone: string, at: number): number {
  const local = at + offsetAt(timeZone, at);
  return at - (local - Math.floor(local / hour) * hour);
}
