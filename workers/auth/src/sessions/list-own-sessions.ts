import type { UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { listSessions } from "../queries/sessions.ts";
import type { Session } from "../tables.ts";
import { idleLifetime } from "./lifetime.ts";
import { requireSession } from "./require-session.ts";

/** The user's sessions, newest first, at most a hundred. */
export async function listOwnSessions(deps: Deps, actor: UserActor): Promise<Session[]> {
  await requireSession(deps, actor);
  return await listSessions(deps.db, actor.id, new Date(Date.now() - idleLifetime));
}
