import { transaction } from "@trivet/db";
import { hashPassword, TrivetError, type UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { resetValue } from "../mail/send-reset.ts";
import { removeSessions } from "../queries/sessions.ts";
import { findForLogin, lockUser } from "../queries/users.ts";
import { removeTokensFor } from "../queries/verifications.ts";
import { requireOwnSession } from "../sessions/require-session.ts";
import { confirmIdentity } from "./confirm-identity.ts";
import { assertNotObvious } from "./password-rules.ts";
import { setPassword } from "./set-password.ts";

/** Sets a new password and ends all other sessions. Throws `invalid_credentials` when the current one is wrong. */
export async function changePassword(
  deps: Deps,
  actor: UserActor,
  { currentPassword, newPassword }: { currentPassword: string; newPassword: string },
): Promise<void> {
  const { user } = await requireOwnSession(deps, actor);
  const { passwordHash } = await confirmIdentity(deps, user, { password: currentPassword });
  assertNotObvious(newPassword, user, "/newPassword");
  const hash = await hashPassword(newPassword);
  await transaction(deps.db, async (tx) => {
    await lockUser(tx, user.id);
    const now = await findForLogin(tx, { id: user.id });
    if (now?.passwordHash !== passwordHash)
      throw new TrivetError("conflict", "The password was just changed elsewhere.");
    await setPassword(deps, tx, user.id, hash);
    await removeTokensFor(tx, resetValue(user.id));
    await removeSessions(tx, user.id, actor.sessionId);
  });
}
