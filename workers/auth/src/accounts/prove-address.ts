import { userEmailVerified } from "@trivet/contracts";
import { publish, type Transaction } from "@trivet/db";
import type { Deps } from "../deps.ts";
import { removeEntries } from "../queries/entries.ts";
import { updateUser } from "../queries/users.ts";
import { removeTokensFor } from "../queries/verifications.ts";
import { loginValue } from "../sessions/login-code.ts";
import { revokeSessions } from "../sessions/revoke-sessions.ts";
import { outbox, type User } from "../tables.ts";

/**
 * Who has just shown that an account's address is theirs: its owner, who has shown that the account is
 * theirs too, or its addressee, of whom nothing is known but that they read its mails.
 */
export type Prover = "owner" | "addressee";

/**
 * What a proven address changes in its account, the first time. Whoever opened the account may have
 * typed a stranger's address. So an addressee who did not show that it is also their account gets it
 * empty: every password, key, identity and session from before ends, and whoever waited inside is out.
 *
 * Only then is it safe to make the owner of an address in ADMIN_EMAILS an administrator. A role that
 * was taken away later does not come back by proving the address again.
 */
export async function proveAddress(deps: Deps, tx: Transaction, user: User, prover: Prover): Promise<User> {
  if (user.emailVerified) return user;
  if (prover === "addressee") {
    await removeEntries(tx, user.id);
    await removeTokensFor(tx, loginValue(user.id));
    await revokeSessions(deps, tx, user.id);
  }
  await publish(tx, outbox, userEmailVerified, user.id, { userId: user.id }, deps.invocation);
  const role = deps.env.ADMIN_EMAILS.includes(user.email) ? "admin" : user.role;
  const proven = await updateUser(tx, user.id, { emailVerified: true, role });
  if (!proven) throw new Error("The account whose address was proven is not there.");
  return proven;
}
