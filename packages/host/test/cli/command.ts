import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { until } from "../postgres/holder.ts";

const entry = join(import.meta.dirname, "../../bin/trivet.mjs");

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  pid: number;
  output(): string;
  stop(signal?: NodeJS.Signals): Promise<Ended>;
  ended: Promise<Ended>;
}

/** What stands in front of the command where a shell runs it and stays, as the one of npm does. */
export const belowShell = ["sh", "-c", '"$@"; exit $?', "sh"];

/** Starts `trivet` with these arguments in a folder, with nothing of this process's configuration. */
function begin(
  folder: string,
  args: readonly string[],
  env: Record<string, string> = {},
  below: readonly string[] = [],
): Running {
  const [program = process.execPath, ...rest] = [...below, process.execPath, entry, ...args];
  const child = spawn(program, rest, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = once(child, "close").then(() => ({ code: child.exitCode, stdout, stderr }));
  return {
    pid: child.pid ?? 0,
    output: () => stdout + stderr,
    ended,
    stop(signal = "SIGTERM") {
      child.kill(signal);
      return ended;
    },
  };
}

export const trivet = (folder: string, args: readonly string[], env?: Record<string, string>): Promise<Ended> =>
  begin(folder, args, env).ended;

/** Starts it and waits until all these addresses answer. */
export async function serving(
  folder: string,
  args: readonly string[],
  urls: readonly string[],
  env?: Record<string, string>,
  below?: readonly string[],
): Promise<Running> {
  const running = begin(folder, args, env, below);
  const early = running.ended.then(({ stdout, stderr }) => Promise.reject(new Error(stdout + stderr)));
  early.catch(() => {});
  for (const url of urls) await Promise.race([answers(url), early]);
  return running;
}

export const answers = (url: string): Promise<void> =>
  until(`${url} answers`, () =>
    fetch(url).then(
      ({ ok }) => ok,
      () => false,
    ),
  );

export const readJson = async (url: string): Promise<unknown> => await (await fetch(url)).json();
