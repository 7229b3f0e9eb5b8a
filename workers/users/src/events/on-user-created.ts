import { userCreated } from "@trivet/contracts";
import { once, transaction } from "@trivet/db";
import { on } from "../deps.ts";
import { createProfile } from "../profiles/create-profile.ts";
import { findAccount } from "../profiles/find-account.ts";
import { inbox } from "../tables.ts";

/**
 * Gives the new account its profile. The inbox drops a repeat. An account that is gone by now gets
 * none, and its `user.deleted`, whichever comes first, keeps it that way.
 */
export const onUserCreated = on(userCreated, async (deps, { userId }, envelope) => {
  const account = await findAccount(deps, userId);
  if (!account) return;
  await transaction(deps.db, (tx) => once(tx, inbox, envelope, () => createProfile(tx, account)));
});
