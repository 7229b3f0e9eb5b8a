import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { cpuTime } from "../src/cpu-time.ts";

/** A process that says that it runs, and from then on does nothing else or all that it can. */
async function start(work: "wait" | "work"): Promise<{ pid: number; stop(): void }> {
  const script = `console.log("here"); ${work === "work" ? "for (;;);" : "setInterval(() => {}, 1e9);"}`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "ignore"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return { pid: child.pid ?? 0, stop: () => child.kill("SIGSTOP") };
}

/** Resolves when the process has had a processor for so many milliseconds more. */
async function untilUsed(pid: number, milliseconds: number): Promise<void> {
  const end = cpuTime(pid) + milliseconds;
  while (cpuTime(pid) < end) await new Promise((resolve) => setTimeout(resolve, 10));
}

test("processor time passes for a process that works, and neither for one that waits nor for one that may not go on", async () => {
  const [busy, idle, held] = await Promise.all([start("work"), start("wait"), start("work")]);
  await untilUsed(held.pid, 100);
  held.stop();
  await untilUsed(busy.pid, 300);
  const before = { idle: cpuTime(idle.pid), held: cpuTime(held.pid) };
  await untilUsed(busy.pid, 300);
  expect(cpuTime(held.pid)).toBe(before.held);
  expect(cpuTime(idle.pid) - before.idle).toBeLessThan(100);
});
