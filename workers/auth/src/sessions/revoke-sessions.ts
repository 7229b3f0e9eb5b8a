import { sessionRevoked } from "@trivet/contracts";
import { publish, type Transaction } from "@trivet/db";
import type { Deps } from "../deps.ts";
import { removeImpersonations, removeSession, removeSessions, type SessionKey } from "../queries/sessions.ts";
import { outbox } from "../tables.ts";

/** Ends one session before its time and announces it; false when there is none any more. */
export async function revokeSession(deps: Deps, tx: Transaction, session: SessionKey): Promise<boolean> {
  const ended = await removeSession(tx, session);
  await announce(deps, tx, ended);
  return ended.length > 0;
}

/** Ends the user's sessions, all but `exceptId` if given, and announces each. */
export async function revokeSessions(deps: Deps, tx: Transaction, userId: string, exceptId?: string): Promise<void> {
  await announce(deps, tx, await removeSessions(tx, userId, exceptId));
}

/** Ends what an administrator opened as somebody else, and announces it. */
export async function revokeImpersonations(deps: Deps, tx: Transaction, impersonatorId: string): Promise<void> {
  await announce(deps, tx, await removeImpersonations(tx, impersonatorId));
}

/** The user is the subject, so that whoever listens hears of it before they hear that the account is gone. */
async function announce(deps: Deps, tx: Transaction, ended: readonly SessionKey[]): Promise<void> {
  for (const { id: sessionId, userId } of ended) {
    await publish(tx, outbox, sessionRevoked, userId, { userId, sessionId }, deps.invocation);
  }
}
