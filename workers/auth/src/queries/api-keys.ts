import type { Database, Transaction } from "@trivet/db";
import { and, count, desc, eq, gt, isNull, or } from "drizzle-orm";
import { apiKeys, type User, users } from "../tables.ts";

export type ApiKeyRow = typeof apiKeys.$inferSelect;

export async function insertApiKey(tx: Transaction, key: typeof apiKeys.$inferInsert): Promise<ApiKeyRow> {
  const [row] = await tx.insert(apiKeys).values(key).returning();
  if (!row) throw new Error("The insert returned no row.");
  return row;
}

export async function countApiKeys(tx: Transaction, userId: string): Promise<number> {
  const [row] = await tx.select({ total: count() }).from(apiKeys).where(eq(apiKeys.userId, userId));
  return row?.total ?? 0;
}

export async function listApiKeys(db: Database, userId: string): Promise<ApiKeyRow[]> {
  return await db.select().from(apiKeys).where(eq(apiKeys.userId, userId)).orderBy(desc(apiKeys.id));
}

export async function removeApiKey(db: Database, key: { id: string; userId: string }): Promise<boolean> {
  const removed = await db
    .delete(apiKeys)
    .where(and(eq(apiKeys.id, key.id), eq(apiKeys.userId, key.userId)))
    .returning({ id: apiKeys.id });
  return removed.length > 0;
}

/** Ends every key of the account. */
export async function removeApiKeys(tx: Transaction, userId: string): Promise<void> {
  await tx.delete(apiKeys).where(eq(apiKeys.userId, userId));
}

/** The key that is in force under this hash with its owner, noted as used. */
export async function useApiKey(db: Database, hash: string, now: Date) {
  const [key] = await db
    .update(apiKeys)
    .set({ lastUsedAt: now })
    .where(and(eq(apiKeys.hash, hash), or(isNull(apiKeys.expiresAt), gt(apiKeys.expiresAt, now))))
    .returning();
  if (!key) return undefined;
  const [user] = await db.select().from(users).where(eq(users.id, key.userId));
  return user ? { key, user } : undefined;
}

/** Whose key this is, while it is in force. */
export async function findKeyOwner(db: Database, id: string, now: Date): Promise<User | undefined> {
  const [row] = await db
    .select({ user: users })
    .from(apiKeys)
    .innerJoin(users, eq(users.id, apiKeys.userId))
    .where(and(eq(apiKeys.id, id), or(isNull(apiKeys.expiresAt), gt(apiKeys.expiresAt, now))));
  return row?.user;
}
