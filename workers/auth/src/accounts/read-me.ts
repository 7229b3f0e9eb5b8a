import { TrivetError, type UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { findKeyOwner } from "../queries/api-keys.ts";
import { findLiveSession } from "../queries/sessions.ts";
import type { User } from "../tables.ts";

/** The account behind an access token, as long as its session, or its API key, is in force. */
export async function readMe(deps: Deps, actor: UserActor): Promise<User> {
  const live = await findLiveSession(deps.db, actor.sessionId);
  const user = live?.user ?? (await findKeyOwner(deps.db, actor.sessionId, new Date()));
  if (user?.id === actor.id) return user;
  throw new TrivetError("unauthenticated", "This session has ended. Log in again.");
}
