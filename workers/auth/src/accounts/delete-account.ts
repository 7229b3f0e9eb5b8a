import { userDeleted } from "@trivet/contracts";
import { publish, type Transaction, transaction } from "@trivet/db";
import { TrivetError } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { assertRecentProof } from "../passwords/confirm-identity.ts";
import { lockUser, removeUser } from "../queries/users.ts";
import { ownSession } from "../sessions/require-session.ts";
import { outbox } from "../tables.ts";
import { deliverSoon } from "./announce.ts";

/**
 * Deletes an account as its owner wishes, in whose session the other service was asked. What asks in
 * their name without being them, an API key or an administrator, deletes nothing.
 *
 * Throws `not_found`, `unauthenticated`, `forbidden`, `confirmation_required`.
 */
export async function deleteAccount(
  deps: Deps,
  { userId, sessionId }: { userId: string; sessionId: string },
): Promise<void> {
  await transaction(deps.db, async (tx) => {
    // First, so that a repeat hears that it is done and not that its session is gone.
    if (!(await lockUser(tx, userId))) throw new TrivetError("not_found");
    assertRecentProof(await ownSession(tx, { userId, sessionId }));
    await eraseAccount(deps, tx, userId);
  });
  deliverSoon(deps);
}

/** Removes the account with its sessions, credentials and keys, and announces it. Throws `not_found`. */
export async function eraseAccount(deps: Deps, tx: Transaction, userId: string): Promise<void> {
  if (!(await removeUser(tx, userId))) throw new TrivetError("not_found");
  await publish(tx, outbox, userDeleted, userId, { userId }, deps.invocation);
}
