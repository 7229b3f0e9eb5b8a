import { hostname } from "node:os";
import type { LastingDatabase } from "@trivet/db/lasting";
import { type Bell, createBell } from "../bell.ts";
import { coalesce } from "../coalesce.ts";
import type { Delivery, Subscription } from "../driver.ts";
import type { Announcer } from "./announcer.ts";
import { contentTypeOf } from "./content-type.ts";
import { keepLease } from "./lease.ts";
import {
  buryMessages,
  type ClaimedRow,
  claimMessages,
  deleteMessages,
  postponeMessages,
  releaseMessages,
} from "./queries.ts";
import { createSweeper } from "./sweeper.ts";

/** A delivery, and the lease it was claimed under. */
interface Claimed extends Delivery {
  lease: string;
}

/** All that this process consumes, under one lease. */
export interface Consumer {
  subscribe(queue: string): Subscription;
  ring(queue: string): void;
  close(): Promise<void>;
}

const settling = { lanes: 2, limit: 500 };

export function createConsumer(db: LastingDatabase, announcer: Announcer): Consumer {
  const lease = keepLease(db, `${hostname()} ${process.pid}`);
  const bells = new Map<string, Bell>();
  const ring = (queue: string): void => bells.get(queue)?.ring();
  const sweeper = createSweeper(db, () => [...bells.keys()], ring);
  const listening = db.listen("queues", ring, () => {
    for (const bell of bells.values()) bell.ring();
  });

  const ack = coalesce<Claimed, boolean>(settling, (held) => perLease(held, (id, own) => deleteMessages(db, id, own)));
  const postpone = coalesce<Claimed & { delaySeconds: number }, boolean>(settling, (held) =>
    perLease(held, (id, own) => postponeMessages(db, id, own)),
  );

  const bury = coalesce<Claimed & { to: string; cause: string }, boolean>(settling, async (held) => {
    const settled = await perLease(held, (id, own) => buryMessages(db, id, own));
    for (const queue of new Set(held.map(({ to }) => to))) {
      ring(queue);
      announcer.later([queue]);
    }
    return settled;
  });

  return {
    ring,
    subscribe(queue) {
      const bell = createBell();
      bells.set(queue, bell);
      return {
        async receive(count, signal) {
          while (!signal.aborted) {
            bell.hush();
            const id = await lease.current();
            const rows = await claimMessages(db, id, queue, count);
            if (rows.length > 0) return rows.sort(byTurn).map((row) => deliveryOf(row, id));
            await bell.rung(signal);
          }
          return [];
        },
        holds: (delivery) => lease.holds(leaseOf(delivery)),
        async settle(delivery, verdict) {
          const claimed = { ...delivery, lease: leaseOf(delivery) };
          if (verdict.kind === "ack") return await ack(claimed);
          if (verdict.kind === "retry") {
            const settled = await postpone({ ...claimed, delaySeconds: verdict.delaySeconds });
            if (verdict.delaySeconds === 0) bell.ring();
            return settled;
          }
          if (verdict.to === undefined) return await ack(claimed);
          return await bury({ ...claimed, to: verdict.to, cause: verdict.cause });
        },
        async release(deliveries) {
          await perLease(deliveries.map(claimedOf), async (id, own) => {
            await releaseMessages(db, id, own);
            return [];
          });
          announcer.later([queue]);
        },
        async close() {
          bells.delete(queue);
        },
      };
    },
    async close() {
      sweeper.close();
      await listening.close();
      await lease.close();
    },
  };
}

const byTurn = (a: ClaimedRow, b: ClaimedRow): number => a.due - b.due || (a.id < b.id ? -1 : 1);

const deliveryOf = (row: ClaimedRow, lease: string): Claimed => ({
  id: row.id,
  attempts: row.attempts,
  sentAt: row.sent * 1_000,
  contentType: contentTypeOf(row),
  body: row.body,
  cause: row.cause ?? undefined,
  lease,
});

/** Deliveries come back to the subscription that made them. */
const claimedOf = (delivery: Delivery): Claimed => delivery as Claimed;
const leaseOf = (delivery: Delivery): string => claimedOf(delivery).lease;

/** A statement for each lease, of which there is more than one only when one was lost. In the order that was given. */
async function perLease<One extends Claimed>(
  held: readonly One[],
  settle: (lease: string, own: One[]) => Promise<string[]>,
): Promise<boolean[]> {
  const settled = new Set<string>();
  for (const [lease, own] of Map.groupBy(held, (one) => one.lease)) {
    for (const id of await settle(lease, own)) settled.add(id);
  }
  return held.map(({ id }) => settled.has(id));
}
