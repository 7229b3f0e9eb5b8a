import type { Transaction } from "@trivet/db";
import { and, eq, ne } from "drizzle-orm";
import { apiKeys, identities, passkeys, twoFactors, users } from "../tables.ts";

/** Takes from an account every way in but the password: passkeys, API keys, OAuth identities, the second factor. */
export async function removeOtherEntries(tx: Transaction, userId: string): Promise<void> {
  await tx.delete(passkeys).where(eq(passkeys.userId, userId));
  await tx.delete(apiKeys).where(eq(apiKeys.userId, userId));
  await tx.delete(identities).where(and(eq(identities.userId, userId), ne(identities.providerId, "credential")));
  await tx.delete(twoFactors).where(eq(twoFactors.userId, userId));
  await tx.update(users).set({ twoFactorEnabled: false }).where(eq(users.id, userId));
}
