import type { Database, Transaction } from "@trivet/db";
import { eq, lt } from "drizzle-orm";
import { verifications } from "../tables.ts";

/** Makes every outstanding token that stands for `value` worthless. */
export async function removeTokensFor(db: Database | Transaction, value: string): Promise<void> {
  await db.delete(verifications).where(eq(verifications.value, value));
}

export async function sweepVerifications(db: Database, now: Date): Promise<void> {
  await db.delete(verifications).where(lt(verifications.expiresAt, now));
}
