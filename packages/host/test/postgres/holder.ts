import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { scratchParent } from "@trivet/testing/scratch";
import postgres from "postgres";
import { expect, onTestFinished } from "vitest";
import { findPostmaster } from "../../src/postgres/postmaster.ts";

export interface Holder {
  url: string;
  kill(): Promise<void>;
  stop(): Promise<number | null>;
}

const script = join(import.meta.dirname, "hold.ts");

/** Another process that uses the embedded Postgres of a folder; optionally one started by `prefix`. */
export async function hold(directory: string, command = [process.execPath, script]): Promise<Holder> {
  const [program = "", ...args] = [...command, directory];
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const [url] = await Promise.race([
    once(createInterface(child.stdout), "line"),
    once(child, "exit").then(() => Promise.reject(new Error(complaint))),
  ]);
  return {
    url: String(url),
    kill: () => end(child, "SIGKILL").then(() => undefined),
    stop: () => end(child, "SIGTERM"),
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
  return child.exitCode;
}

/** A fresh folder whose server, if the test leaves one behind, is killed with it. */
export function temporaryFolder(parent = scratchParent()): string {
  const folder = mkdtempSync(join(parent, "trivet-postgres-"));
  onTestFinished(() => {
    const left = postmasterPid(folder);
    if (left !== undefined) process.kill(left, "SIGQUIT");
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  });
  return folder;
}

export const postmasterPid = (folder: string): number | undefined => findPostmaster(join(folder, "postgres"))?.pid;

export const logOf = (folder: string): string => readFileSync(join(folder, "postgres.log"), "utf8");

export async function query(url: string, text: string): Promise<readonly postgres.Row[]> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return await sql.unsafe(text);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Looks until it is so; fails after as many looks as a machine at rest takes in thirty seconds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let looks = 0; !(await holds()); looks += 1) {
    expect(looks, `looks until ${what}`).toBeLessThan(1_500);
    await pause(20);
  }
}
