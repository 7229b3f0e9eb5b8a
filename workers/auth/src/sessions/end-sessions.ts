import { TrivetError, type UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { removeSession, removeSessions } from "../queries/sessions.ts";
import { requireSession } from "./require-session.ts";

/** Ends the session that asks. One that has ended already is fine: the wish is fulfilled. */
export async function logout(deps: Deps, actor: UserActor): Promise<void> {
  await removeSession(deps.db, { id: actor.sessionId, userId: actor.id });
}

/** Ends one of the user's own sessions. Throws `not_found` for anybody else's. */
export async function endSession(deps: Deps, actor: UserActor, id: string): Promise<void> {
  await requireSession(deps, actor);
  if (!(await removeSession(deps.db, { id, userId: actor.id }))) throw new TrivetError("not_found");
}

/** Ends all of the user's sessions, or all but the one that asks. */
export async function endSessions(deps: Deps, actor: UserActor, which: "all" | "others"): Promise<void> {
  await requireSession(deps, actor);
  await removeSessions(deps.db, actor.id, which === "others" ? actor.sessionId : undefined);
}
