import { TrivetError, type UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { listPasskeys, type PasskeyRow, removePasskey } from "../queries/passkeys.ts";
import { requireOwnSession, requireSession } from "../sessions/require-session.ts";

/** The user's passkeys, newest first. */
export async function listOwnPasskeys(deps: Deps, actor: UserActor): Promise<PasskeyRow[]> {
  await requireSession(deps, actor);
  return await listPasskeys(deps.db, actor.id);
}

/** Throws `not_found` for anybody else's. */
export async function deletePasskey(deps: Deps, actor: UserActor, id: string): Promise<void> {
  await requireOwnSession(deps, actor);
  if (!(await removePasskey(deps.db, { id, userId: actor.id }))) throw new TrivetError("not_found");
}
