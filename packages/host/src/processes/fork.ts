import cluster from "node:cluster";
import { leaveNow, numberVariable, ready } from "./member.ts";

/** How a member ended. */
export interface Ending {
  /** As in `code 1` or `SIGKILL`. */
  how: string;
  /** Milliseconds it has served; 0 when it never came so far. */
  served: number;
  /** Whether nothing that it had begun was lost. */
  clean: boolean;
}

export interface Member {
  readonly pid: number | undefined;
  /** Resolves to whether it serves; false when it ended before. */
  ready: Promise<boolean>;
  ended: Promise<Ending>;
  /** Asks it to drain and exit. */
  leave(): void;
  kill(): void;
}

/** What every member runs. */
export function prepareFork(file: string, args: readonly string[]): void {
  cluster.setupPrimary({ exec: file, args: [...args] });
  // Where the system does not deal connections out itself, as Linux does: members that accept from one
  // socket without it leave one of them nearly all connections that come at once.
  cluster.schedulingPolicy = cluster.SCHED_RR;
}

export function forkMember(number: number): Member {
  const worker = cluster.fork({ [numberVariable]: String(number) });
  let servingSince: number | undefined;
  // What cannot be sent to a member that is about to end is no news: its end is.
  worker.on("error", () => {});
  const serves = new Promise<boolean>((resolve) => {
    worker.on("message", (message) => {
      if (message !== ready) return;
      servingSince = performance.now();
      resolve(true);
    });
    worker.on("exit", () => resolve(false));
  });
  const ended = new Promise<Ending>((resolve) => {
    worker.on("exit", (code: number | null, signal: string | null) => {
      const served = servingSince === undefined ? 0 : performance.now() - servingSince;
      resolve({ how: signal || `code ${code}`, served, clean: code === 0 || servingSince === undefined });
    });
  });
  return {
    pid: worker.process.pid,
    ready: serves,
    ended,
    leave() {
      // One that does not serve yet has nothing to drain.
      if (servingSince === undefined) worker.process.kill("SIGTERM");
      else if (worker.isConnected()) worker.send(leaveNow);
    },
    kill: () => void worker.process.kill("SIGKILL"),
  };
}
