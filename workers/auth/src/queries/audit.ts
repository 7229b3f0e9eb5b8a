import type { Database, Transaction } from "@trivet/db";
import { desc, lt } from "drizzle-orm";
import { audit } from "../tables.ts";

export type AuditRow = typeof audit.$inferSelect;

export async function insertAudit(tx: Transaction, row: typeof audit.$inferInsert): Promise<void> {
  await tx.insert(audit).values(row);
}

/** Newest first, before `beforeId`; up to `limit + 1`. */
export async function listAudit(db: Database, page: { limit: number; beforeId: string | undefined }) {
  return await db
    .select()
    .from(audit)
    .where(page.beforeId === undefined ? undefined : lt(audit.id, page.beforeId))
    .orderBy(desc(audit.id))
    .limit(page.limit + 1);
}
