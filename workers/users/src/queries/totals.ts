import type { Database, Transaction } from "@trivet/db";
import { eq, sql } from "drizzle-orm";
import { totals } from "../tables.ts";

export async function selectProfileCount(db: Database): Promise<number> {
  const [row] = await db.select({ profiles: totals.profiles }).from(totals);
  return row?.profiles ?? 0;
}

/** The last statement of its transaction, as every registration waits for this row. */
export async function countProfiles(tx: Transaction, by: 1 | -1): Promise<void> {
  await tx
    .update(totals)
    .set({ profiles: sql`${totals.profiles} + ${by}::integer` })
    .where(eq(totals.id, true));
}
