import { hostname } from "node:os";
import type { LastingDatabase } from "@trivet/db/lasting";
import { coalesce } from "../coalesce.ts";
import type { Batches, Subscription, Verdict } from "../driver.ts";
import type { Announcer } from "./announcer.ts";
import { keepLease } from "./lease.ts";
import { buryMessages, deleteMessages, postponeMessages, releaseMessages } from "./queries.ts";
import { type Claimed, openSubscription } from "./subscription.ts";
import { createSweeper } from "./sweeper.ts";

/** All that this process consumes, under one lease. */
export interface Consumer {
  subscribe(queue: string, batches: Batches): Subscription;
  ring(queue: string): void;
  close(): Promise<void>;
}

const settling = { lanes: 2, limit: 500 };

export function createConsumer(db: LastingDatabase, announcer: Announcer): Consumer {
  const lease = keepLease(db, `${hostname()} ${process.pid}`);
  const bells = new Map<string, () => void>();
  const ring = (queue: string): void => bells.get(queue)?.();
  const sweeper = createSweeper(db, () => [...bells.keys()], ring);
  const listening = db.listen("queues", ring, () => {
    for (const each of bells.values()) each();
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
  const settle = async (claimed: Claimed, verdict: Verdict): Promise<boolean> => {
    if (verdict.kind === "retry") return await postpone({ ...claimed, delaySeconds: verdict.delaySeconds });
    if (verdict.kind === "ack" || verdict.to === undefined) return await ack(claimed);
    return await bury({ ...claimed, to: verdict.to, cause: verdict.cause });
  };
  const release = async (held: readonly Claimed[]): Promise<void> => {
    await perLease(held, async (id, own) => {
      await releaseMessages(db, id, own);
      return [];
    });
  };

  return {
    ring,
    subscribe(queue, batches) {
      const shared = { db, lease, announcer, settle, release, forget: () => void bells.delete(queue) };
      const opened = openSubscription(shared, queue, batches);
      bells.set(queue, opened.ring);
      return opened.subscription;
    },
    async close() {
      sweeper.close();
      await listening.close();
      await lease.close();
    },
  };
}

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
