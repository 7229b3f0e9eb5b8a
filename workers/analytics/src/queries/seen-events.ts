import type { Database, Transaction } from "@trivet/db";
import { lt, sql } from "drizzle-orm";
import { seenEvents } from "../tables.ts";

/** A day longer than an event may be late: what is sent again after this is refused for its age, if it says its time. */
const memory = sql`interval '8 days'`;

export async function forgetSeenEvents(db: Database): Promise<void> {
  await db.delete(seenEvents).where(lt(seenEvents.seenAt, sql`now() - ${memory}`));
}

/** False when it was known. Whoever brings the same key meanwhile waits for the end of this transaction. */
export async function insertSeen(tx: Transaction, key: string): Promise<boolean> {
  const inserted = await tx.insert(seenEvents).values({ key }).onConflictDoNothing().returning({ key: seenEvents.key });
  return inserted.length > 0;
}
