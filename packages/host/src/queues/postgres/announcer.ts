import type { LastingDatabase } from "@trivet/db/lasting";
import { notifyQueues } from "./queries.ts";

/** Tells other processes of queues that something has come. Not of every message: who is busy looks anyway. */
export interface Announcer {
  /** Which of these queues the statement that is about to be sent should announce itself. */
  along(queues: readonly string[]): string[];
  /** Announces the others a moment later, together. */
  later(queues: readonly string[]): void;
  close(): void;
}

/** Milliseconds between two announcements of a queue. A commit that notifies waits for every other that does. */
const interval = 5;

export function createAnnouncer(db: LastingDatabase): Announcer {
  const announced = new Map<string, number>();
  const waiting = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const announce = (): void => {
    timer = undefined;
    const queues = [...waiting];
    waiting.clear();
    const now = performance.now();
    for (const queue of queues) announced.set(queue, now);
    // Who misses it finds the messages by himself, within a second.
    notifyQueues(db, queues).catch(() => undefined);
  };
  return {
    along(queues) {
      const now = performance.now();
      return queues.filter((queue) => {
        const quiet = now - (announced.get(queue) ?? 0) >= interval;
        if (quiet) announced.set(queue, now);
        return quiet;
      });
    },
    later(queues) {
      for (const queue of queues) waiting.add(queue);
      if (waiting.size > 0) timer ??= setTimeout(announce, interval);
    },
    close: () => clearTimeout(timer),
  };
}
