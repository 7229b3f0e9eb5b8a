import { describe, expect, test } from "vitest";
import { cronFaults, readSchedule } from "../../src/crons/index.ts";

// A Friday.
const from = Date.UTC(2026, 10, 20, 19, 30);

function ticksOf(cron: string, count: number): string[] {
  const read = readSchedule(cron);
  if ("fault" in read) throw new Error(read.fault);
  const ticks: string[] = [];
  for (let time = from; ticks.length < count; ticks.push(new Date(time).toISOString().slice(0, 16)))
    time = read.schedule.next(time);
  return ticks;
}

describe("a cron expression", () => {
  // What the pages of Cloudflare and Quartz say, and the tests of Cloudflare's parser.
  test.each([
    ["* * * * *", "2026-11-20T19:31 2026-11-20T19:32"],
    ["*/30 * * * *", "2026-11-20T20:00 2026-11-20T20:30"],
    ["45 * * * *", "2026-11-20T19:45 2026-11-20T20:45"],
    ["50/5 * * * *", "2026-11-20T19:50 2026-11-20T19:55"],
    ["1-59/29 19 * * *", "2026-11-20T19:59 2026-11-21T19:01"],
    ["5,*/20 20 * * *", "2026-11-20T20:00 2026-11-20T20:05 2026-11-20T20:20"],
    ["0 17 * * sun", "2026-11-22T17:00 2026-11-29T17:00"],
    ["0 17 * * 1", "2026-11-22T17:00 2026-11-29T17:00"],
    ["10 7 * * MON-fri", "2026-11-23T07:10 2026-11-24T07:10"],
    ["10 7 * * 2-6", "2026-11-23T07:10 2026-11-24T07:10"],
    ["0 0 * * 7", "2026-11-21T00:00 2026-11-28T00:00"],
    ["0 0 * * L", "2026-11-21T00:00 2026-11-28T00:00"],
    ["0 15 1 * *", "2026-12-01T15:00 2027-01-01T15:00"],
    ["0 18 * * 6L", "2026-11-27T18:00 2026-12-25T18:00 2027-01-29T18:00"],
    ["0 18 * * friL", "2026-11-27T18:00 2026-12-25T18:00 2027-01-29T18:00"],
    ["0 18 * * 6#3", "2026-12-18T18:00 2027-01-15T18:00"],
    ["0 18 * * FRI#5", "2027-01-29T18:00 2027-04-30T18:00"],
    ["59 23 LW * *", "2026-11-30T23:59 2026-12-31T23:59 2027-01-29T23:59"],
    ["0 0 L FEB *", "2027-02-28T00:00 2028-02-29T00:00"],
    ["0 0 15W 5 *", "2027-05-14T00:00 2028-05-15T00:00"],
    ["0 0 1W 5 *", "2027-05-03T00:00 2028-05-01T00:00"],
    ["0 0 31W 1 *", "2027-01-29T00:00 2028-01-31T00:00"],
    ["0 0 29 2 *", "2028-02-29T00:00 2032-02-29T00:00"],
    // A day of the month and a weekday: either will do, also where one of them names all.
    ["0 0 1 * MON", "2026-11-23T00:00 2026-11-30T00:00 2026-12-01T00:00"],
    ["0 0 */1 * MON", "2026-11-21T00:00 2026-11-22T00:00 2026-11-23T00:00"],
    ["0 0 1 jan,AUG *", "2027-01-01T00:00 2027-08-01T00:00"],
    ["0\t0  1 1 *", "2027-01-01T00:00"],
  ])("%s ticks at %s", (cron, times) => {
    const expected = times.split(" ");
    expect(ticksOf(cron, expected.length)).toEqual(expected);
  });

  // croner, which finds the ticks, would take about half of these.
  test.each([
    ["* * * *", "is not five fields"],
    ["0 * * * * *", "is not five fields"],
    ["@daily", "is not five fields"],
    [" * * * * *", "is not five fields"],
    ["60 * * * *", 'has "60" as minute, which is not 0 to 59'],
    ["* 24 * * *", 'has "24" as hour'],
    ["* * 0 * *", 'has "0" as day of the month'],
    ["* * * 13 *", 'has "13" as month, which is not 1 to 12 or JAN to DEC'],
    ["* * * * 0", 'has "0" as weekday, which is not 1 to 7 or SUN to SAT'],
    ["* * * * 8", 'has "8" as weekday'],
    ["* * * * MONDAY", 'has "MONDAY" as weekday'],
    ["? * * * *", 'has "?" as minute'],
    ["+5 * * * *", 'has "+5" as minute'],
    ["*/0 * * * *", 'has "/0" as step of the minute, which is not 1 to 59'],
    ["*/60 * * * *", 'has "/60" as step of the minute'],
    ["* */24 * * *", 'has "/24" as step of the hour'],
    ["1, * * * *", 'has "" as minute'],
    ["5,* * * * *", 'has "*" as minute, which is no value, range or step'],
    ["1-2-3 * * * *", 'has "1-2-3" as minute'],
    ["1/2/3 * * * *", 'has "1/2/3" as minute'],
    ["* * W * *", 'has "W" as day of the month'],
    ["* * 32W * *", 'has "32" as day of the month'],
    ["* * 1,15W * *", 'has "15W" as day of the month'],
    ["* * lw * *", 'has "lw" as day of the month'],
    ["* * * * 6L,2", 'has "6L" as weekday'],
    ["* * * * 6#6", 'has "6#6" as weekday'],
    ["* * * * 1#L", 'has "1#L" as weekday'],
    ["0 0 31 11 *", "names a day that never comes"],
    // These Cloudflare takes: the ranges with a value too many, the days as this host cannot.
    ["50-10 * * * *", "a range that runs backwards; write 50-59,0-10"],
    ["0 0 * * FRI-MON", "a range that runs backwards; write FRI-7,1-MON"],
    ["0 0 L-3 * *", "which this host cannot"],
    ["0 0 L-3W * *", "which this host cannot"],
  ])("%s is refused: %s", (cron, why) => {
    const faults = cronFaults([cron]);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(`\`triggers.crons\`: "${cron}"`);
    expect(faults[0]).toContain(why);
  });

  test("two that tick alike are one too many", () => {
    expect(cronFaults(["0 0 * * MON", "0-0 0 * * 2,mon", "1 0 * * MON"])).toEqual([
      '`triggers.crons`: "0-0 0 * * 2,mon" ticks when "0 0 * * MON" does; keep one',
    ]);
  });

  test("its latest tick may be this very millisecond, and ticks between two are counted up to a thousand", () => {
    const read = readSchedule("*/10 * * * *");
    if ("fault" in read) throw new Error(read.fault);
    const { latest, countBetween } = read.schedule;
    expect(latest(from)).toBe(from);
    expect(latest(from - 1)).toBe(from - 600_000);
    expect(countBetween(from - 3_600_000, from)).toBe(5);
    expect(countBetween(from, from)).toBe(0);
    expect(countBetween(0, from)).toBe(1_000);
  });
});
