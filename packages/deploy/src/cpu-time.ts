import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";

/**
 * Milliseconds for which a process of this machine has had a processor, all its threads together, in steps of ten.
 * Unlike a clock it stands still while others have the processor.
 */
export function cpuTime(pid: number): number {
  return process.platform === "linux" ? ofProc(pid) : ofPs(pid);
}

// Linux counts in hundredths of a second for whoever reads this file, whatever its own clock does.
const tick = 10;

function ofProc(pid: number): number {
  // The name in parentheses may hold anything; after it come the state, and utime and stime as the 12th and 13th.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(")").at(-1)?.trim().split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * tick;
}

/** `ps` of macOS and the BSDs says `minutes:seconds.hundredths`. */
function ofPs(pid: number): number {
  const [seconds = 0, minutes = 0] = execFileSync("ps", ["-o", "time=", "-p", String(pid)], { encoding: "utf8" })
    .trim()
    .split(":")
    .map(Number)
    .reverse();
  return (minutes * 60 + seconds) * 1_000;
}
