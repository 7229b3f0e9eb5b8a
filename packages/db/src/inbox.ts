import { type Envelope, inboxMemoryDays } from "@trivet/contracts";
import { lt, sql } from "drizzle-orm";
import { type PgSchema, text, timestamp, uuid } from "drizzle-orm/pg-core";
import type { Database, Transaction } from "./open.ts";

/** The events a service has taken effect of. `sql/inbox.sql` is the migration that goes with it. */
export const inboxTable = (schema: PgSchema) =>
  schema.table("inbox", {
    id: uuid("id").primaryKey(),
    event: text("event").notNull(),
    receivedAt: timestamp("received_at", { withTimezone: true }).notNull().defaultNow(),
  });

export type Inbox = ReturnType<typeof inboxTable>;

/**
 * Runs `effect` unless this event has taken effect before. With the effect in `tx`, both are
 * committed or neither is, so at-least-once delivery becomes an effect that happens exactly once: of
 * two copies at the same time, one waits until the other's transaction has ended.
 */
export async function once(
  tx: Transaction,
  inbox: Inbox,
  envelope: Pick<Envelope, "id" | "event">,
  effect: () => Promise<void>,
): Promise<void> {
  const first = await tx
    .insert(inbox)
    .values({ id: envelope.id, event: envelope.event })
    .onConflictDoNothing()
    .returning({ id: inbox.id });
  if (first.length > 0) await effect();
}

/** A repeat that comes later takes effect again. Deliveries are repeated within a day; replays reach back no farther. */
const memory = sql`make_interval(days => ${inboxMemoryDays})`;

/** Forgets events that took effect long ago, so that the table does not grow for ever. */
export async function forgetOld(db: Database, inbox: Inbox): Promise<void> {
  await db.delete(inbox).where(lt(inbox.receivedAt, sql`now() - ${memory}`));
}
