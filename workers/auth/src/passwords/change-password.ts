import { transaction } from "@trivet/db";
import { hashPassword, TrivetError, type UserActor } from "@trivet/platform";
import { deliverSoon } from "../accounts/announce.ts";
import { costOf, type Deps } from "../deps.ts";
import { notify } from "../mail/notify.ts";
import { resetValue } from "../mail/send-reset.ts";
import { removeApiKeys } from "../queries/api-keys.ts";
import { findForLogin, lockUser } from "../queries/users.ts";
import { removeTokensFor } from "../queries/verifications.ts";
import { requireOwnSession } from "../sessions/require-session.ts";
import { revokeSessions } from "../sessions/revoke-sessions.ts";
import { confirmIdentity } from "./confirm-identity.ts";
import { assertNotObvious } from "./password-rules.ts";
import { setPassword } from "./set-password.ts";

export interface PasswordChange {
  currentPassword: string;
  newPassword: string;
  /** Whether the account's API keys end too. They go on unless asked: their owner sees them, and scripts use them. */
  endApiKeys: boolean;
}

/** Sets a new password and ends all other sessions. Throws `invalid_credentials` when the current one is wrong. */
export async function changePassword(
  deps: Deps,
  actor: UserActor,
  { currentPassword, newPassword, endApiKeys }: PasswordChange,
): Promise<void> {
  const live = await requireOwnSession(deps, actor);
  const { user } = live;
  const { passwordHash } = await confirmIdentity(deps, live, { password: currentPassword });
  assertNotObvious(newPassword, user, "/newPassword");
  const hash = await hashPassword(newPassword, costOf(deps));
  await transaction(deps.db, async (tx) => {
    await lockUser(tx, user.id);
    const now = await findForLogin(tx, { id: user.id });
    if (now?.passwordHash !== passwordHash)
      throw new TrivetError("conflict", "The password was just changed elsewhere.");
    await setPassword(deps, tx, user.id, hash);
    await removeTokensFor(tx, resetValue(user.id));
    if (endApiKeys) await removeApiKeys(tx, user.id);
    await revokeSessions(deps, tx, user.id, actor.sessionId);
  });
  notify(deps, user.id, "password.changed");
  deliverSoon(deps);
}
