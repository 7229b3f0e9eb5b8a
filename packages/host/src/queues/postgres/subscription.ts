import type { LastingDatabase } from "@trivet/db/lasting";
import { createBell } from "../bell.ts";
import type { Batches, Delivery, Subscription, Verdict } from "../driver.ts";
import type { Announcer } from "./announcer.ts";
import { contentTypeOf } from "./content-type.ts";
import { createLanes } from "./lanes.ts";
import type { Lease } from "./lease.ts";
import { type ClaimedRow, claimMessages, freeForgotten } from "./queries.ts";

/** A delivery, and the lease it was claimed under. */
export interface Claimed extends Delivery {
  lease: string;
}

/** What one process's subscriptions share. */
export interface Shared {
  db: LastingDatabase;
  lease: Lease;
  announcer: Announcer;
  settle(delivery: Claimed, verdict: Verdict): Promise<boolean>;
  release(deliveries: readonly Claimed[]): Promise<void>;
  /** The subscription is closed. */
  forget(): void;
}

/** What a subscription holds, and how it is woken. */
export interface Woken {
  subscription: Subscription;
  ring(): void;
}

export function openSubscription(shared: Shared, queue: string, { size, most }: Batches): Woken {
  const { db, lease, announcer } = shared;
  const bell = createBell();
  const lanes = most === undefined ? undefined : createLanes(db, { queue, size, most }, lease);
  /** Of the lease that held last. */
  const held = new Set<string>();
  let under: string | undefined;
  let doubted = false;

  /** Whether a claim that failed was committed nobody knows, so what it may have taken is given back before the next. */
  const claim = async (how: (id: string) => Promise<ClaimedRow[]>): Promise<Delivery[]> => {
    const id = await lease.current();
    if (id !== under) {
      held.clear();
      doubted = false;
      under = id;
    }
    if (doubted) await freeForgotten(db, id, queue, { messages: [...held], lanes: lanes?.taken() ?? [] });
    doubted = true;
    const rows = await how(id);
    doubted = false;
    for (const row of rows) held.add(row.id);
    return rows.sort(byTurn).map((row) => deliveryOf(row, id));
  };

  const receive = async (how: (id: string) => Promise<ClaimedRow[]>, signal: AbortSignal): Promise<Delivery[]> => {
    while (!signal.aborted) {
      bell.hush();
      const deliveries = await claim(how);
      if (deliveries.length > 0) return deliveries;
      await bell.rung(signal);
    }
    return [];
  };

  return {
    ring: bell.ring,
    subscription: {
      receive: (batches, signal) =>
        receive((id) => lanes?.claim(id, batches) ?? claimMessages(db, id, queue, batches * size), signal),
      receiveMore: (count, signal) => receive((id) => claimMessages(db, id, queue, count), signal),
      async ended() {
        if (!lanes) return;
        await lanes.leave();
        bell.ring();
        announcer.later([queue]);
      },
      holds: (delivery) => lease.holds(claimedOf(delivery).lease),
      async settle(delivery, verdict) {
        const settled = await shared.settle(claimedOf(delivery), verdict);
        held.delete(delivery.id);
        if (verdict.kind === "retry" && verdict.delaySeconds === 0) bell.ring();
        return settled;
      },
      async release(deliveries) {
        await shared.release(deliveries.map(claimedOf));
        for (const { id } of deliveries) held.delete(id);
        announcer.later([queue]);
      },
      close: async () => shared.forget(),
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
