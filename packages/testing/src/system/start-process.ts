import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { root as ownRoot } from "../root.ts";
import { ending } from "./ending.ts";

export type Runtime = "node" | "bun" | "workerd";

/** How people are told of a runtime. */
export const runtimeNames: Record<Runtime, string> = { node: "Node", bun: "Bun", workerd: "workerd" };

export interface ProcessOptions {
  runtime: Runtime;
  /** All services when empty. */
  services: readonly string[];
  env: Record<string, string>;
  /** Answers 200 once the process is ready. */
  readyUrl: string;
  /** Of another copy of the repository. */
  root?: string;
}

export interface StartedProcess {
  /** What it has written so far, both streams together. */
  output(): string;
  pid: number;
  /** Resolves to its exit code when it is gone; null where a signal ended it. */
  exited: Promise<number | null>;
  /** Asks it to drain and waits until it is gone. */
  stop(): Promise<void>;
}

const flags: Record<Runtime, string[]> = { node: [], bun: ["--bun"], workerd: ["--workers"] };
const startLimit = 90_000;
const stopLimit = 20_000;

/** Starts `trivet start` as a user would and resolves when it is ready. */
export async function startProcess(options: ProcessOptions): Promise<StartedProcess> {
  const { runtime, services, env, readyUrl, root = ownRoot } = options;
  const args = [join(root, "packages/host/bin/trivet.mjs"), "start", ...services, ...flags[runtime]];
  const { PATH = "", HOME = "" } = process.env;
  // A group of its own, so that whatever it starts can be ended with it.
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH, HOME, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  const endGroup = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // Nothing of the group is left.
    }
  };
  process.once("exit", endGroup);
  const stop = async () => {
    child.kill("SIGTERM");
    const late = await Promise.race([exited.then(() => false), pause(stopLimit, true, { ref: false })]);
    endGroup();
    process.off("exit", endGroup);
    if (late) throw new Error(`trivet start did not stop within ${stopLimit / 1_000} s:\n${ending(output)}`);
  };
  try {
    await untilReady(readyUrl, () => child.exitCode ?? child.signalCode);
  } catch (error) {
    await stop().catch(() => {});
    throw new Error(`trivet start ${services.join(" ")} on ${runtimeNames[runtime]} is not ready:\n${ending(output)}`, {
      cause: error,
    });
  }
  return { output: () => output, pid: child.pid ?? 0, exited, stop };
}

async function untilReady(url: string, ended: () => number | string | null): Promise<void> {
  const deadline = Date.now() + startLimit;
  while (Date.now() < deadline) {
    const code = ended();
    if (code !== null) throw new Error(`It ended with ${code}.`);
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    if (answer?.status === 200) return;
    await pause(50);
  }
  throw new Error(`${url} did not answer 200 within ${startLimit / 1_000} s.`);
}
