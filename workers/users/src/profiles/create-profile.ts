import type { Account } from "@trivet/contracts";
import type { Transaction } from "@trivet/db";
import { insertProfile } from "../queries/profiles.ts";
import { countProfiles } from "../queries/totals.ts";

/** Gives an account its profile. Does nothing where there is one, and nothing where there was one that was erased. */
export async function createProfile(tx: Transaction, account: Account): Promise<void> {
  if (await insertProfile(tx, account)) await countProfiles(tx, 1);
}
