import { transaction } from "@trivet/db";
import { TrivetError, type UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { notify } from "../mail/notify.ts";
import { confirmIdentity, type Proof } from "../passwords/confirm-identity.ts";
import { removeTwoFactor, updateUser } from "../queries/users.ts";
import { requireOwnSession } from "../sessions/require-session.ts";

/** Ends the second factor, its secret and its recovery codes. Throws `confirmation_required`, `invalid_credentials`, `conflict`. */
export async function disableTwoFactor(deps: Deps, actor: UserActor, proof: Proof): Promise<void> {
  const live = await requireOwnSession(deps, actor);
  const { user } = live;
  if (!user.twoFactorEnabled) throw new TrivetError("conflict", "No second factor is in force.");
  await confirmIdentity(deps, live, proof);
  await transaction(deps.db, async (tx) => {
    await updateUser(tx, user.id, { twoFactorEnabled: false });
    await removeTwoFactor(tx, user.id);
  });
  notify(deps, user.id, "two-factor.disabled");
}
