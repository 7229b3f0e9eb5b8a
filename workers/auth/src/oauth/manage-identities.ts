import { transaction } from "@trivet/db";
import { TrivetError, type UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { notify } from "../mail/notify.ts";
import { confirmIdentity } from "../passwords/confirm-identity.ts";
import { listIdentities, removeIdentity } from "../queries/identities.ts";
import { lockUser } from "../queries/users.ts";
import { removeTokensFor } from "../queries/verifications.ts";
import { assertWayIn } from "../sessions/assert-way-in.ts";
import { loginValue } from "../sessions/login-code.ts";
import { ownSession, requireOwnSession, requireSession } from "../sessions/require-session.ts";
import type { Identity } from "../tables.ts";

/** The user's identities at providers, newest first. */
export async function listOwnIdentities(deps: Deps, actor: UserActor): Promise<Identity[]> {
  await requireSession(deps, actor);
  return await listIdentities(deps.db, actor.id);
}

/**
 * Takes an identity, and the codes that it was given, from the account. Throws `confirmation_required`,
 * `not_found`, `conflict` for the last way in.
 */
export async function unlinkIdentity(deps: Deps, actor: UserActor, id: string): Promise<void> {
  await confirmIdentity(deps, await requireOwnSession(deps, actor), {});
  await transaction(deps.db, async (tx) => {
    await lockUser(tx, actor.id);
    await ownSession(tx, { userId: actor.id, sessionId: actor.sessionId });
    if (!(await removeIdentity(tx, { id, userId: actor.id }))) throw new TrivetError("not_found");
    await assertWayIn(deps, tx, actor.id);
    await removeTokensFor(tx, loginValue(actor.id));
  });
  notify(deps, actor.id, "identity.unlinked");
}
