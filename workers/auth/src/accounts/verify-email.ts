import { transaction } from "@trivet/db";
import { TrivetError } from "@trivet/platform";
import { type Deps, engineOf } from "../deps.ts";
import { verificationValue } from "../mail/send-verification.ts";
import { lockUser, type UserChange, updateUser } from "../queries/users.ts";
import { removeTokensFor } from "../queries/verifications.ts";
import type { User } from "../tables.ts";

/**
 * Confirms an address by the token that was mailed to it. An address named in ADMIN_EMAILS makes its
 * owner an administrator now, and not at registration, when anybody could have typed it.
 *
 * Throws `gone` for a token that is unknown, used or expired.
 */
export async function verifyEmail(deps: Deps, token: string): Promise<User> {
  const user = await transaction(deps.db, async (tx) => {
    const value = await engineOf(deps, tx).consumeToken("verify-email", token);
    const [, userId = ""] = value?.split(" ") ?? [];
    const owner = value === undefined ? undefined : await lockUser(tx, userId);
    if (!owner || verificationValue(owner) !== value) return undefined;
    await removeTokensFor(tx, value);
    return await updateUser(tx, owner.id, verified(deps, owner));
  });
  if (user) return user;
  throw new TrivetError("gone", "This link has been used or is too old. Ask for a new one.");
}

/** What a proven address changes in its account; a role that was taken away later does not come back by proving it again. */
export const verified = (
  deps: Deps,
  { email, emailVerified, role }: Pick<User, "email" | "emailVerified" | "role">,
): UserChange => ({
  emailVerified: true,
  role: !emailVerified && deps.env.ADMIN_EMAILS.includes(email) ? "admin" : role,
});
