import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  emptySketch,
  estimate,
  mergePacked,
  packSketch,
  raise,
  registerCount,
  type Sketch,
  standardError,
} from "../src/rollups/sketch.ts";

function sketchOf(ids: Iterable<string>): Sketch {
  const sketch = emptySketch();
  for (const id of ids) {
    const hash = createHash("sha256").update(id).digest().readBigUInt64BE();
    const rest = (hash >> 11n) & (2n ** 53n - 1n);
    raise(sketch, Number(hash & 2047n), 54 - (rest === 0n ? 0 : rest.toString(2).length));
  }
  return sketch;
}

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `visitor ${from + index}`);

describe("a sketch", () => {
  test.each([1, 2, 10, 100])("of %i ids is out by two in a hundred at most", (size) => {
    expect(Math.abs(estimate(sketchOf(numbered(0, size))) - size)).toBeLessThanOrEqual(Math.ceil(size * 0.02));
  });

  test.each([1_000, 5_000, 20_000, 100_000])(
    "of %i ids is within three standard errors, and the mean of 20 within one",
    (size) => {
      const off = Array.from({ length: 20 }, (_, run) => {
        const ids = numbered(run * size, (run + 1) * size);
        return estimate(sketchOf(ids)) / size - 1;
      });
      for (const error of off) expect(Math.abs(error)).toBeLessThan(3 * standardError);
      expect(Math.abs(off.reduce((sum, error) => sum + error, 0) / off.length)).toBeLessThan(standardError);
    },
  );

  test("of nothing is nought", () => expect(estimate(emptySketch())).toBe(0));

  test("that was stored is the same, and two make that of both sets", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 6_000 }), fc.integer({ min: 0, max: 6_000 }), (a, b) => {
        const [one, other] = [sketchOf(numbered(0, a)), sketchOf(numbered(3_000, 3_000 + b))];
        const both = emptySketch();
        for (const sketch of [one, other]) mergePacked(both, packSketch(sketch));
        expect(both).toEqual(sketchOf([...numbered(0, a), ...numbered(3_000, 3_000 + b)]));
      }),
      { numRuns: 30 },
    );
  });

  test("keeps the largest rank there is", () => {
    const sketch = emptySketch();
    for (let register = 0; register < registerCount; register += 1) raise(sketch, register, register % 55);
    const read = emptySketch();
    mergePacked(read, packSketch(sketch));
    expect(read).toEqual(sketch);
    expect(packSketch(sketch).length).toBe(1_536);
  });
});
