import type { Database, Transaction } from "@trivet/db";
import { TrivetError, type UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { findLiveSession, type LiveSession } from "../queries/sessions.ts";

/**
 * The session an access token came from. Elsewhere a token counts until it expires; here, where
 * sessions end, it counts no longer than its session. An API key's token has none.
 *
 * Throws `unauthenticated`.
 */
export async function requireSession(deps: Deps, actor: UserActor): Promise<LiveSession> {
  return await liveSession(deps.db, { userId: actor.id, sessionId: actor.sessionId });
}

/**
 * The session of somebody about to change how the account is entered: never one that an administrator
 * opened in their place.
 *
 * Throws `unauthenticated` or `forbidden`.
 */
export async function requireOwnSession(deps: Deps, actor: UserActor): Promise<LiveSession> {
  return await ownSession(deps.db, { userId: actor.id, sessionId: actor.sessionId });
}

/** A session by the ids that its access token carries. */
export interface Claimed {
  userId: string;
  sessionId: string;
}

/** As `requireOwnSession`, for whoever knows no more than the ids. */
export async function ownSession(db: Database | Transaction, claimed: Claimed): Promise<LiveSession> {
  const live = await liveSession(db, claimed);
  if (live.session.impersonatorId === null) return live;
  throw new TrivetError("forbidden", "Whoever acts as somebody else cannot change how that account is entered.");
}

async function liveSession(db: Database | Transaction, { userId, sessionId }: Claimed): Promise<LiveSession> {
  const live = await findLiveSession(db, sessionId);
  if (live?.user.id === userId) return live;
  throw new TrivetError("unauthenticated", "This session has ended. Log in again; an API key cannot do this.");
}
