import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** One sentence: which port, who has it, what to do. */
export class PortTakenError extends Error {
  override readonly name = "PortTakenError";

  constructor(port: number) {
    const holder = holderOf(port);
    super(
      `Port ${port} is already taken${holder ? ` by ${holder}` : ""}: stop that, or choose another with PORT=${port + 1} npm start.`,
    );
  }
}

const listening = "0A";

/** Linux tells which socket listens on a port and which process has that socket open; elsewhere nobody is named. */
function holderOf(port: number): string | undefined {
  try {
    const sockets = new Set([...inodesOf("/proc/net/tcp", port), ...inodesOf("/proc/net/tcp6", port)]);
    for (const pid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
      if (holdsOne(pid, sockets)) return `process ${pid} (${commandOf(pid)})`;
    }
  } catch {
    // No /proc, or none that may be read: the sentence does without.
  }
  return undefined;
}

const longest = 100;

/** As it was typed: the name that a process gives itself, such as MainThread, says little. */
function commandOf(pid: string): string {
  const command = readFileSync(`/proc/${pid}/cmdline`, "utf8")
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim();
  const text = command || readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

function inodesOf(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return readFileSync(table, "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(suffix) && columns[3] === listening)
    .map((columns) => `socket:[${columns[9]}]`);
}

function holdsOne(pid: string, sockets: ReadonlySet<string>): boolean {
  try {
    const directory = `/proc/${pid}/fd`;
    return readdirSync(directory).some((fd) => sockets.has(readlinkSync(`${directory}/${fd}`)));
  } catch {
    return false;
  }
}
