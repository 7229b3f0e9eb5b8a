import type { Database, Transaction } from "@trivet/db";
import { and, count, desc, eq, lt } from "drizzle-orm";
import { passkeys } from "../tables.ts";

export type PasskeyRow = typeof passkeys.$inferSelect;

export async function insertPasskey(tx: Transaction, passkey: typeof passkeys.$inferInsert): Promise<PasskeyRow> {
  const [row] = await tx.insert(passkeys).values(passkey).returning();
  if (!row) throw new Error("The insert returned no row.");
  return row;
}

export async function countPasskeys(tx: Transaction, userId: string): Promise<number> {
  const [row] = await tx.select({ total: count() }).from(passkeys).where(eq(passkeys.userId, userId));
  return row?.total ?? 0;
}

export async function listPasskeys(db: Database, userId: string): Promise<PasskeyRow[]> {
  return await db.select().from(passkeys).where(eq(passkeys.userId, userId)).orderBy(desc(passkeys.id));
}

export async function findPasskey(db: Database | Transaction, credentialId: string): Promise<PasskeyRow | undefined> {
  const [row] = await db.select().from(passkeys).where(eq(passkeys.credentialId, credentialId));
  return row;
}

/** Notes a use. False when the counter has not grown, unless the authenticator keeps none: then it was copied. */
export async function notePasskeyUse(db: Database, id: string, counter: number, now: Date): Promise<boolean> {
  const grown = counter === 0 ? eq(passkeys.counter, 0) : lt(passkeys.counter, counter);
  const noted = await db
    .update(passkeys)
    .set({ counter, lastUsedAt: now })
    .where(and(eq(passkeys.id, id), grown))
    .returning({ id: passkeys.id });
  return noted.length > 0;
}

export async function removePasskey(tx: Transaction, passkey: { id: string; userId: string }): Promise<boolean> {
  const removed = await tx
    .delete(passkeys)
    .where(and(eq(passkeys.id, passkey.id), eq(passkeys.userId, passkey.userId)))
    .returning({ id: passkeys.id });
  return removed.length > 0;
}
