import { isUniqueViolation, transaction } from "@trivet/db";
import { TrivetError, type UserActor } from "@trivet/platform";
import { type Deps, engineOf } from "../deps.ts";
import { notify } from "../mail/notify.ts";
import { confirmIdentity, type Proof } from "../passwords/confirm-identity.ts";
import { findIdentity } from "../queries/identities.ts";
import { lockUser } from "../queries/users.ts";
import { type Claimed, ownSession, requireOwnSession } from "../sessions/require-session.ts";
import type { Identity as IdentityRow } from "../tables.ts";
import { type LoginRequest, startLogin } from "./start-login.ts";
import type { Identity } from "./user-info.ts";

/**
 * Where to send the browser of somebody who wants to log in at a provider from now on. The identity
 * will be as good as the password, so its owner shows once more who they are.
 *
 * Throws `confirmation_required`, `invalid_credentials`, `not_found` for no such provider, `validation_failed` for a return
 * address that is not listed.
 */
export async function beginLink(deps: Deps, actor: UserActor, request: LoginRequest, proof: Proof): Promise<URL> {
  const live = await requireOwnSession(deps, actor);
  await confirmIdentity(deps, live, proof);
  return await startLogin(deps, request, { userId: live.user.id, sessionId: live.session.id });
}

/**
 * Links an identity to the account whose session asked for it, if that has not ended meanwhile. The
 * address at the provider need not be the account's. Throws `conflict` for another account's identity.
 */
export async function linkIdentity(
  deps: Deps,
  claimed: Claimed,
  providerId: string,
  { subject }: Identity,
): Promise<IdentityRow> {
  const { identity, isNew } = await transaction(deps.db, async (tx) => {
    await lockUser(tx, claimed.userId);
    await ownSession(tx, claimed);
    const known = await findIdentity(tx, providerId, subject);
    if (known && known.userId !== claimed.userId) throw taken();
    if (known) return { identity: known, isNew: false };
    await engineOf(deps, tx).addIdentity(claimed.userId, providerId, subject);
    const added = await findIdentity(tx, providerId, subject);
    if (!added) throw new Error("The identity just linked is not there.");
    return { identity: added, isNew: true };
  }).catch((error: unknown) => {
    throw isUniqueViolation(error, "identities_provider_key") ? taken() : error;
  });
  if (isNew) notify(deps, claimed.userId, "identity.linked");
  return identity;
}

const taken = (): TrivetError =>
  new TrivetError("conflict", "This login belongs to another account. Log in with it and unlink it there first.");
