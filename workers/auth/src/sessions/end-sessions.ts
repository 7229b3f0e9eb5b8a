import { transaction } from "@trivet/db";
import { TrivetError, type UserActor } from "@trivet/platform";
import { deliverSoon } from "../accounts/announce.ts";
import type { Deps } from "../deps.ts";
import { requireSession } from "./require-session.ts";
import { revokeSession, revokeSessions } from "./revoke-sessions.ts";

/** Ends the session that asks. One that has ended already is fine: the wish is fulfilled. */
export async function logout(deps: Deps, actor: UserActor): Promise<void> {
  await transaction(deps.db, (tx) => revokeSession(deps, tx, { id: actor.sessionId, userId: actor.id }));
  deliverSoon(deps);
}

/** Ends one of the user's own sessions. Throws `not_found` for anybody else's. */
export async function endSession(deps: Deps, actor: UserActor, id: string): Promise<void> {
  await requireSession(deps, actor);
  const ended = await transaction(deps.db, (tx) => revokeSession(deps, tx, { id, userId: actor.id }));
  if (!ended) throw new TrivetError("not_found");
  deliverSoon(deps);
}

/** Ends all of the user's sessions, or all but the one that asks. */
export async function endSessions(deps: Deps, actor: UserActor, which: "all" | "others"): Promise<void> {
  await requireSession(deps, actor);
  const spared = which === "others" ? actor.sessionId : undefined;
  await transaction(deps.db, (tx) => revokeSessions(deps, tx, actor.id, spared));
  deliverSoon(deps);
}
