import cluster from "node:cluster";

/** Names, to a process that shares the ports with others, its number among them. */
export const numberVariable = "TRIVET_PROCESS_NUMBER";

/** What parent and member say to each other. */
export const ready = "ready";
export const leaveNow = "leave";

/** This process's place among several that share their ports. */
export interface Membership {
  /** From 1; who replaces a dead one takes its number over. */
  number: number;
  /** Tells the parent that this process serves, and calls `leave` when the parent says so or is gone. */
  join(leave: () => void): void;
}

/** For one that does not come to serve: its line to the parent would keep it from ending. */
export function resign(): void {
  const { worker } = cluster;
  if (!worker || !process.connected) return;
  // Otherwise the cluster module ends this process with 0.
  worker.exitedAfterDisconnect = true;
  process.disconnect();
}

/** Undefined in a process that somebody else than `startProcesses` started. */
export function membership(): Membership | undefined {
  const { worker } = cluster;
  const number = Number(process.env[numberVariable]);
  if (worker === undefined || !Number.isInteger(number)) return undefined;
  return {
    number,
    join(leave) {
      // Otherwise the cluster module ends this process in the middle of its requests when the parent is gone.
      worker.exitedAfterDisconnect = true;
      process.on("disconnect", leave);
      process.on("message", (message) => {
        if (message === leaveNow) leave();
      });
      if (process.connected) process.send?.(ready);
      else leave();
    },
  };
}
