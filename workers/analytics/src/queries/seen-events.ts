import { memoryDaysOf } from "@trivet/contracts";
import type { Database, Transaction } from "@trivet/db";
import { lt, sql } from "drizzle-orm";
import { seenEvents } from "../tables.ts";

/** A day longer than an event may be late: what is sent again after this is refused for its age, if it says its time. */
const memory = sql`make_interval(days => ${memoryDaysOf("analytics")})`;

export async function forgetSeenEvents(db: Database): Promise<void> {
  await db.delete(seenEvents).where(lt(seenEvents.seenAt, sql`now() - ${memory}`));
}

/**
 * Those of the keys that nobody had brought before. Whoever brings the same meanwhile waits for the end of this transaction;
 * as all insert in one order, nobody waits in a circle.
 */
export async function insertSeen(tx: Transaction, keys: readonly string[]): Promise<Set<string>> {
  const rows = await tx.execute<{ key: string }>(sql`
    insert into ${seenEvents} (key) select unnest(${`{${keys.toSorted().join()}}`}::uuid[])
    on conflict do nothing returning key
  `);
  return new Set(rows.map(({ key }) => key));
}
