import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { timed } from "../src/timed.ts";

const computed = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1_000;
};

test("what is waited for counts, as long as the machine keeps its pace", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  let beats = 0;
  const { outcome, milliseconds } = await timed(
    () => promise,
    async () => {
      beats += 1;
      if (beats === 30) resolve("done");
    },
  );
  expect(outcome).toBe("done");
  expect(milliseconds).toBeGreaterThanOrEqual(29 * 9);
});

test("what this process computes counts whole, though it keeps the clock itself from going", async () => {
  const { milliseconds } = await timed(async () => {
    await pause(20);
    const before = process.cpuUsage();
    while (computed(before) < 300);
  });
  expect(milliseconds).toBeGreaterThanOrEqual(300);
});

test("a process that is held up counts a beat", async () => {
  const before = process.cpuUsage();
  const { milliseconds } = await timed(async () => {
    await pause(20);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
  });
  expect(milliseconds - computed(before)).toBeLessThan(200);
});

test("a machine that is held up, as its probe shows, counts a beat", async () => {
  const before = process.cpuUsage();
  const stall = pause(600);
  const { milliseconds } = await timed(
    () => stall,
    () => stall,
  );
  expect(milliseconds - computed(before)).toBeLessThan(200);
});

test("what fails is thrown on, be it the work or the probe", async () => {
  await expect(timed(() => Promise.reject(new Error("the work")))).rejects.toThrow("the work");
  const probe = () => Promise.reject(new Error("the probe"));
  await expect(timed(() => pause(50), probe)).rejects.toThrow("the probe");
});
