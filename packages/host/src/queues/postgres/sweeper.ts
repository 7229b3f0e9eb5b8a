import type { LastingDatabase } from "@trivet/db/lasting";
import { freeExpired, nextDue } from "./queries.ts";

/** Finds by the clock what nobody announces: delays that have passed, and what dead processes held. */
export interface Sweeper {
  close(): void;
}

/** Delays are whole seconds, so a look at each second sees every one before it is due. */
const interval = 1_000;
const horizon = 1_200;

export function createSweeper(
  db: LastingDatabase,
  queues: () => readonly string[],
  ring: (queue: string) => void,
): Sweeper {
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  const due = new Set<NodeJS.Timeout>();

  const sweep = async (): Promise<void> => {
    try {
      for (const queue of await freeExpired(db)) ring(queue);
      for (const { queue, wait } of await nextDue(db, queues(), horizon)) {
        const bell = setTimeout(() => {
          due.delete(bell);
          ring(queue);
        }, wait);
        due.add(bell);
      }
    } catch {
      // Whoever receives finds the same failure, and says so.
    }
    if (!closed) timer = setTimeout(() => void sweep(), interval);
  };

  void sweep();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      for (const bell of due) clearTimeout(bell);
    },
  };
}
