import type { Transaction } from "@trivet/db";
import { TrivetError } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { providerIds } from "../oauth/providers.ts";
import { hasEntry } from "../queries/entries.ts";

/**
 * Refuses what would leave an account that nobody can log in to: no password, no passkey, and no
 * identity at a provider that is configured. A link by mail is not counted, for mail is what people
 * lose together with the rest. Throws `conflict`.
 */
export async function assertWayIn(deps: Deps, tx: Transaction, userId: string): Promise<void> {
  if (await hasEntry(tx, userId, providerIds(deps))) return;
  throw new TrivetError("conflict", "This is the only way into the account. Set a password or add another way first.");
}
