import { spawn } from "node:child_process";
import { join } from "node:path";

/** Leaves the server on behalf of this process should it be killed. */
export const watchOver = (data: string): (() => void) =>
  runAfterDeath([process.execPath, join(import.meta.dirname, "leave-for-the-dead.ts"), data]);

/**
 * Runs a command when this process ends without having called what this returns. A shell of one
 * megabyte waits on a pipe whose other end is ours: the kernel closes it however we end.
 */
export function runAfterDeath(command: readonly string[]): () => void {
  if (process.platform === "win32") return () => {};
  const child = spawn("/bin/sh", ["-c", 'read -r left || exec "$@"', "sh", ...command], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    cwd: "/",
    env: { PATH: process.env.PATH },
  });
  child.on("error", () => {});
  child.stdin.on("error", () => {});
  child.unref();
  return () => {
    child.stdin.end("left\n");
  };
}
