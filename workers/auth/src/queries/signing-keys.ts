import type { Database, Transaction } from "@trivet/db";
import { asc, gt, isNull, lt, or, sql } from "drizzle-orm";
import { signingKeys } from "../tables.ts";

export type SigningKeyRow = typeof signingKeys.$inferSelect;

/** Every key that may sign or verify now or later, oldest first. */
export async function listSigningKeys(db: Database | Transaction, now: Date): Promise<SigningKeyRow[]> {
  return await db
    .select()
    .from(signingKeys)
    .where(or(isNull(signingKeys.publishedUntil), gt(signingKeys.publishedUntil, now)))
    .orderBy(asc(signingKeys.signsFrom), asc(signingKeys.kid));
}

/** Lets one process at a time decide about keys, until its transaction ends. */
export async function lockSigningKeys(tx: Transaction): Promise<void> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended('auth.signing_keys', 0))`);
}

export async function insertSigningKey(tx: Transaction, key: typeof signingKeys.$inferInsert): Promise<void> {
  await tx.insert(signingKeys).values(key);
}

/** Sets an end to all keys that have none yet. */
export async function retireSigningKeys(tx: Transaction, publishedUntil: Date): Promise<void> {
  await tx.update(signingKeys).set({ publishedUntil }).where(isNull(signingKeys.publishedUntil));
}

export async function sweepSigningKeys(db: Database, now: Date): Promise<void> {
  await db.delete(signingKeys).where(lt(signingKeys.publishedUntil, now));
}
