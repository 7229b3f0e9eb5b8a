import { transaction } from "@trivet/db";
import { TrivetError, type UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { notify } from "../mail/notify.ts";
import { confirmIdentity } from "../passwords/confirm-identity.ts";
import { listPasskeys, type PasskeyRow, removePasskey } from "../queries/passkeys.ts";
import { lockUser } from "../queries/users.ts";
import { assertWayIn } from "../sessions/assert-way-in.ts";
import { ownSession, requireOwnSession, requireSession } from "../sessions/require-session.ts";

/** The user's passkeys, newest first. */
export async function listOwnPasskeys(deps: Deps, actor: UserActor): Promise<PasskeyRow[]> {
  await requireSession(deps, actor);
  return await listPasskeys(deps.db, actor.id);
}

/**
 * Takes a passkey from the account. Throws `confirmation_required`, `not_found` for anybody else's,
 * `conflict` for the last way in.
 */
export async function deletePasskey(deps: Deps, actor: UserActor, id: string): Promise<void> {
  await confirmIdentity(deps, await requireOwnSession(deps, actor), {});
  await transaction(deps.db, async (tx) => {
    await lockUser(tx, actor.id);
    await ownSession(tx, { userId: actor.id, sessionId: actor.sessionId });
    if (!(await removePasskey(tx, { id, userId: actor.id }))) throw new TrivetError("not_found");
    await assertWayIn(deps, tx, actor.id);
  });
  notify(deps, actor.id, "passkey.removed");
}
