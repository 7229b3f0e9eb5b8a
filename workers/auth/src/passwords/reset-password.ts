import { transaction } from "@trivet/db";
import { hashPassword, TrivetError } from "@trivet/platform";
import { deliverSoon } from "../accounts/announce.ts";
import { proveAddress } from "../accounts/prove-address.ts";
import { costOf, type Deps, engineOf } from "../deps.ts";
import { notify } from "../mail/notify.ts";
import { resetValue } from "../mail/send-reset.ts";
import { removeApiKeys } from "../queries/api-keys.ts";
import { lockUser } from "../queries/users.ts";
import { removeTokensFor } from "../queries/verifications.ts";
import { loginValue } from "../sessions/login-code.ts";
import { revokeSessions } from "../sessions/revoke-sessions.ts";
import { assertNotObvious } from "./password-rules.ts";
import { setPassword } from "./set-password.ts";

/**
 * Sets a new password by the token that was mailed, and ends every session, every API key and every
 * login under way: whoever got in before is out. It also proves the address, since the token was read
 * there; if it had not been proven before, nothing but the new password opens the account from now on.
 *
 * Throws `gone` for a token that is unknown, used or expired.
 */
export async function resetPassword(
  deps: Deps,
  { token, password }: { token: string; password: string },
): Promise<void> {
  const hash = await hashPassword(password, costOf(deps));
  const userId = await transaction(deps.db, async (tx) => {
    const value = await engineOf(deps, tx).consumeToken("reset-password", token);
    const [, ownerId = ""] = value?.split(" ") ?? [];
    const user = value === undefined ? undefined : await lockUser(tx, ownerId);
    if (!user) return undefined;
    assertNotObvious(password, user);
    for (const outstanding of [resetValue(user.id), loginValue(user.id)]) await removeTokensFor(tx, outstanding);
    await proveAddress(deps, tx, user, "addressee");
    await removeApiKeys(tx, user.id);
    await setPassword(deps, tx, user.id, hash);
    await revokeSessions(deps, tx, user.id);
    return user.id;
  });
  if (userId === undefined) throw new TrivetError("gone", "This link has been used or is too old. Ask for a new one.");
  notify(deps, userId, "password.reset");
  deliverSoon(deps);
}
