import { TrivetError, type UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { type ApiKeyRow, listApiKeys, removeApiKey } from "../queries/api-keys.ts";
import { requireOwnSession, requireSession } from "../sessions/require-session.ts";

/** The user's keys, newest first, without their text. */
export async function listOwnApiKeys(deps: Deps, actor: UserActor): Promise<ApiKeyRow[]> {
  await requireSession(deps, actor);
  return await listApiKeys(deps.db, actor.id);
}

/** Ends a key, which the router finds out within half a minute. Throws `not_found` for anybody else's. */
export async function deleteApiKey(deps: Deps, actor: UserActor, id: string): Promise<void> {
  await requireOwnSession(deps, actor);
  if (!(await removeApiKey(deps.db, { id, userId: actor.id }))) throw new TrivetError("not_found");
}
