import { transaction } from "@trivet/db";
import { hashPassword, TrivetError } from "@trivet/platform";
import { verified } from "../accounts/verify-email.ts";
import { type Deps, engineOf } from "../deps.ts";
import { resetValue } from "../mail/send-reset.ts";
import { removeOtherEntries } from "../queries/entries.ts";
import { removeSessions } from "../queries/sessions.ts";
import { lockUser, updateUser } from "../queries/users.ts";
import { removeTokensFor } from "../queries/verifications.ts";
import { assertNotObvious } from "./password-rules.ts";
import { setPassword } from "./set-password.ts";

/**
 * Sets a new password by the token that was mailed, and ends every session: whoever got in before is
 * out. It also proves the address, since the token was read there; if it had not been proven before,
 * somebody else may have opened the account, and nothing but the new password opens it from now on.
 *
 * Throws `gone` for a token that is unknown, used or expired.
 */
export async function resetPassword(
  deps: Deps,
  { token, password }: { token: string; password: string },
): Promise<void> {
  const hash = await hashPassword(password);
  const done = await transaction(deps.db, async (tx) => {
    const value = await engineOf(deps, tx).consumeToken("reset-password", token);
    const [, userId = ""] = value?.split(" ") ?? [];
    const user = value === undefined ? undefined : await lockUser(tx, userId);
    if (!user) return false;
    assertNotObvious(password, user);
    await removeTokensFor(tx, resetValue(user.id));
    // Whoever opened the account never showed that the address is theirs: their ways in end here.
    if (!user.emailVerified) await removeOtherEntries(tx, user.id);
    await setPassword(deps, tx, user.id, hash);
    await updateUser(tx, user.id, verified(deps, user));
    await removeSessions(tx, user.id);
    return true;
  });
  if (!done) throw new TrivetError("gone", "This link has been used or is too old. Ask for a new one.");
}
