import { transaction } from "@trivet/db";
import { type Actor, TrivetError } from "@trivet/platform";
import { type Deps, engineOf } from "../deps.ts";
import { verificationValue } from "../mail/send-verification.ts";
import { verifyProof } from "../passwords/confirm-identity.ts";
import { findForLogin, findUser, lockUser } from "../queries/users.ts";
import { removeTokensFor } from "../queries/verifications.ts";
import { requireOwnSession } from "../sessions/require-session.ts";
import type { User } from "../tables.ts";
import { deliverSoon } from "./announce.ts";
import { proveAddress } from "./prove-address.ts";

/**
 * Confirms an address by the token that was mailed to it, and by what shows that the account is theirs
 * too: its password, or a session of it. The token alone is in the hands of whoever reads the mails of
 * an address that somebody typed.
 *
 * Throws `gone` for a token that is unknown, used or expired, `validation_failed` when nothing was
 * shown, `invalid_credentials` and `rate_limited` for a wrong password, `forbidden` for a session of
 * another account.
 */
export async function verifyEmail(
  deps: Deps,
  actor: Actor,
  { token, password }: { token: string; password: string | undefined },
): Promise<User> {
  const owner = await addresseeOf(deps, token);
  if (owner) await assertOwner(deps, owner, actor, password);
  const user = await transaction(deps.db, async (tx) => {
    const value = await engineOf(deps, tx).consumeToken("verify-email", token);
    const locked = value === undefined || !owner ? undefined : await lockUser(tx, owner.id);
    if (!locked || verificationValue(locked) !== value) return undefined;
    await removeTokensFor(tx, value);
    return await proveAddress(deps, tx, locked, "owner");
  });
  if (!user) throw new TrivetError("gone", "This link has been used or is too old. Ask for a new one.");
  deliverSoon(deps);
  return user;
}

/** Whose address the token was mailed to, in which account. */
async function addresseeOf(deps: Deps, token: string): Promise<User | undefined> {
  const value = await engineOf(deps, deps.db).readToken("verify-email", token);
  const [, userId = ""] = value?.split(" ") ?? [];
  return value === undefined ? undefined : await findUser(deps.db, userId);
}

async function assertOwner(deps: Deps, owner: User, actor: Actor, password: string | undefined): Promise<void> {
  if (password !== undefined) {
    const row = await findForLogin(deps.db, { id: owner.id });
    if (row) await verifyProof(deps, row, { password });
    return;
  }
  if (actor.kind !== "user") {
    throw new TrivetError("validation_failed", undefined, {
      errors: [{ in: "body", pointer: "/password", detail: "is needed, or an access token of the same account" }],
    });
  }
  const { user } = await requireOwnSession(deps, actor);
  if (user.id !== owner.id) throw new TrivetError("forbidden", "This link is for another account than yours.");
}
