import type { Transaction } from "@trivet/db";
import { and, eq, inArray, isNotNull, or } from "drizzle-orm";
import { apiKeys, identities, passkeys, twoFactors, users } from "../tables.ts";

/** Whether a password, a passkey or an identity at one of these providers opens the account. */
export async function hasEntry(tx: Transaction, userId: string, providers: string[]): Promise<boolean> {
  const opens = or(isNotNull(identities.password), inArray(identities.providerId, providers));
  const byIdentity = await tx
    .select({ id: identities.id })
    .from(identities)
    .where(and(eq(identities.userId, userId), opens))
    .limit(1);
  if (byIdentity.length > 0) return true;
  return (await tx.select({ id: passkeys.id }).from(passkeys).where(eq(passkeys.userId, userId)).limit(1)).length > 0;
}

/** Takes from an account every way in: password, OAuth identities, passkeys, API keys, the second factor. */
export async function removeEntries(tx: Transaction, userId: string): Promise<void> {
  await tx.delete(passkeys).where(eq(passkeys.userId, userId));
  await tx.delete(apiKeys).where(eq(apiKeys.userId, userId));
  await tx.delete(identities).where(eq(identities.userId, userId));
  await tx.delete(twoFactors).where(eq(twoFactors.userId, userId));
  await tx.update(users).set({ twoFactorEnabled: false }).where(eq(users.id, userId));
}
