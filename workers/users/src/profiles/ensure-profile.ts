import { transaction } from "@trivet/db";
import type { Deps } from "../deps.ts";
import { isTaken } from "../queries/profiles.ts";
import { createProfile } from "./create-profile.ts";
import { findAccount } from "./find-account.ts";
import { isUnknown, rememberUnknown } from "./unknown-accounts.ts";

/**
 * Read repair: makes the profile of an account whose `user.created` has not arrived. To be called
 * where a profile was looked for in vain; the caller looks again.
 *
 * Throws `unavailable` when auth cannot be asked: a new user must not be told that they do not exist.
 */
export async function ensureProfile(deps: Deps, id: string): Promise<void> {
  // Blocked or erased: the answer stands, and auth need not hear of it.
  if (isUnknown(id) || (await isTaken(deps.db, id))) return;
  const account = await findAccount(deps, id);
  if (account) await transaction(deps.db, (tx) => createProfile(tx, account));
  else rememberUnknown(id);
}
