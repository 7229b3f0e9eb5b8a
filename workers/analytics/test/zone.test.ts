import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cover, levels } from "../src/rollups/cover.ts";
import { day, hour, intervalStarts, offsetAt, quarter } from "../src/time/zone.ts";

const at = (text: string) => Date.parse(text);
const starts = (interval: "hour" | "day" | "week" | "month", zone: string, from: string, to: string) =>
  intervalStarts(interval, zone, at(from), at(to)).map((start) => new Date(start).toISOString());

const zones = [
  ...["UTC", "Europe/Zurich", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe"],
  ...["Pacific/Chatham", "America/Sao_Paulo", "Africa/Cairo", "Pacific/Apia", "America/St_Johns", "Asia/Beirut"],
];
const someRange = fc
  .tuple(fc.constantFrom(...zones), fc.integer({ min: 0, max: 30 * 365 }), fc.integer({ min: 1, max: 60 * 96 }))
  .map(([zone, start, quarters]) => {
    const from = at("2000-01-01T00:00:00Z") + start * day + (start % 96) * quarter;
    return { zone, from, to: from + quarters * quarter };
  });

describe("intervals", () => {
  test("the day on which clocks go forward has 23 hours, the one on which they go back 25", () => {
    expect(starts("day", "Europe/Zurich", "2026-03-28T23:00Z", "2026-03-30T22:00Z")).toEqual([
      "2026-03-28T23:00:00.000Z",
      "2026-03-29T22:00:00.000Z",
    ]);
    expect(starts("day", "Europe/Zurich", "2026-10-24T22:00Z", "2026-10-26T23:00Z")).toEqual([
      "2026-10-24T22:00:00.000Z",
      "2026-10-25T23:00:00.000Z",
    ]);
    expect(starts("hour", "Europe/Zurich", "2026-03-28T23:00Z", "2026-03-29T22:00Z").length).toBe(23);
    expect(starts("hour", "Europe/Zurich", "2026-10-24T22:00Z", "2026-10-25T23:00Z").length).toBe(25);
  });

  test("a day without a midnight begins when clocks jump over it", () => {
    // Cairo, 26 April 2024: 00:00 became 01:00.
    expect(starts("day", "Africa/Cairo", "2024-04-25T22:00Z", "2024-04-26T21:00Z")).toEqual([
      "2024-04-25T22:00:00.000Z",
    ]);
  });

  test("where clocks are off by three quarters of an hour, so are the days", () => {
    expect(starts("day", "Asia/Kathmandu", "2026-01-01T18:15Z", "2026-01-02T18:15Z")).toEqual([
      "2026-01-01T18:15:00.000Z",
    ]);
  });

  test("weeks begin on Monday and months on the first, where they do in the zone", () => {
    expect(starts("week", "America/New_York", "2026-11-04T00:00Z", "2026-11-12T00:00Z")).toEqual([
      "2026-11-02T05:00:00.000Z",
      "2026-11-09T05:00:00.000Z",
    ]);
    expect(starts("month", "Asia/Kolkata", "2026-01-31T18:30Z", "2026-03-31T18:30Z")).toEqual([
      "2026-01-31T18:30:00.000Z",
      "2026-02-28T18:30:00.000Z",
    ]);
  });

  test("in every zone they follow one another without a gap, begin at whole quarters of an hour, and hold the range", () => {
    fc.assert(
      fc.property(someRange, fc.constantFrom("hour", "day", "week", "month"), ({ zone, from, to }, interval) => {
        const all = intervalStarts(interval, zone, from, to);
        expect(all[0]).toBeLessThanOrEqual(from);
        expect(all.at(-1)).toBeLessThan(to);
        for (const [index, start] of all.entries()) {
          expect(start % quarter).toBe(0);
          if (index > 0) expect(start).toBeGreaterThan(all[index - 1] ?? 0);
          if (index > 0 && interval !== "hour") {
            // A moment before it was another local day.
            const local = (instant: number) => Math.floor((instant + offsetAt(zone, instant)) / day);
            expect(local(start - 1)).toBeLessThan(local(start));
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

test("a range is covered by slots once and wholly, by days where there are any", () => {
  fc.assert(
    fc.property(someRange, ({ from, to }) => {
      const pieces = cover(from, to);
      let reached = from;
      for (const piece of pieces) {
        expect(piece.from).toBe(reached);
        expect(piece.from % levels[piece.level]).toBe(0);
        expect((piece.to - piece.from) % levels[piece.level]).toBe(0);
        reached = piece.to;
      }
      expect(reached).toBe(to);
      const slots = (level: keyof typeof levels) =>
        pieces
          .filter((piece) => piece.level === level)
          .reduce((sum, piece) => sum + (piece.to - piece.from) / levels[level], 0);
      expect(slots("quarter")).toBeLessThanOrEqual(6);
      expect(slots("hour")).toBeLessThanOrEqual(46);
      if (to - from >= 2 * day) expect(slots("day")).toBeGreaterThan(0);
      expect(hour % quarter).toBe(0);
    }),
  );
});
