import type { LastingDatabase } from "@trivet/db/lasting";
import { coalesce } from "../coalesce.ts";
import type { Lease } from "./lease.ts";
import { type ClaimedRow, claimBatches, freeLanes, makeLanes } from "./queries.ts";

/** The lanes of a queue that this process runs batches in: as many as there are, over all processes. */
export interface Lanes {
  /** Messages for as many batches as there are lanes free, and which are due; takes those lanes. */
  claim(lease: string, batches: number): Promise<ClaimedRow[]>;
  /** Gives one back. Resolves when others may have it, or have it already because the lease was lost. */
  leave(): Promise<void>;
  taken(): number[];
}

/** A lane, and the lease it was taken under. */
interface Taken {
  lane: number;
  lease: string;
}

const pause = 250;

export function createLanes(
  db: LastingDatabase,
  { queue, size, most }: { queue: string; size: number; most: number },
  lease: Pick<Lease, "holds">,
): Lanes {
  let made: Promise<void> | undefined;
  /** Which batch runs in which does not matter: any of them is left when one has ended. */
  const running: Taken[] = [];
  const leaving = new Set<Taken>();
  const free = coalesce<Taken, true>({ lanes: 1, limit: most }, async (taken) => {
    for (const [id, own] of Map.groupBy(taken, (one) => one.lease)) {
      await freeLanes(
        db,
        id,
        queue,
        own.map(({ lane }) => lane),
      );
    }
    return taken.map(() => true);
  });
  return {
    async claim(id, batches) {
      made ??= makeLanes(db, queue, most).catch((error: unknown) => {
        made = undefined;
        throw error;
      });
      await made;
      const { rows, lanes } = await claimBatches(db, id, queue, { batches, size, most });
      running.push(...lanes.map((lane) => ({ lane, lease: id })));
      return rows;
    },
    async leave() {
      const taken = running.shift();
      if (!taken) return;
      leaving.add(taken);
      while (lease.holds(taken.lease)) {
        const done = await free(taken).catch(() => false);
        if (done) break;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
      leaving.delete(taken);
    },
    taken: () => [...running, ...leaving].map(({ lane }) => lane),
  };
}
