import type { Database, Transaction } from "@trivet/db";
import { and, desc, eq, ne } from "drizzle-orm";
import { type Identity, identities } from "../tables.ts";

/** Under this provider a password is kept, which is no identity elsewhere. */
const atProvider = ne(identities.providerId, "credential");

export async function findIdentity(
  db: Database | Transaction,
  providerId: string,
  accountId: string,
): Promise<Identity | undefined> {
  const [row] = await db
    .select()
    .from(identities)
    .where(and(eq(identities.providerId, providerId), eq(identities.accountId, accountId)));
  return row;
}

export async function listIdentities(db: Database, userId: string): Promise<Identity[]> {
  return await db
    .select()
    .from(identities)
    .where(and(eq(identities.userId, userId), atProvider))
    .orderBy(desc(identities.id));
}

export async function removeIdentity(tx: Transaction, identity: { id: string; userId: string }): Promise<boolean> {
  const removed = await tx
    .delete(identities)
    .where(and(eq(identities.id, identity.id), eq(identities.userId, identity.userId), atProvider))
    .returning({ id: identities.id });
  return removed.length > 0;
}
