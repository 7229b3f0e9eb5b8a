import { type Transaction, transaction } from "@trivet/db";
import { TrivetError } from "@trivet/platform";
import { type Deps, engineOf } from "../deps.ts";
import { findUserByIdentity, lockUser } from "../queries/users.ts";
import type { User } from "../tables.ts";
import { assertNotBanned } from "./login.ts";
import { issueLoginCode } from "./login-code.ts";
import { type OpenedSession, openSession, type UserAgent } from "./open-session.ts";

/** What lets somebody in without a password. */
export interface Key {
  userId: string;
  /** Looks once more, from inside the transaction that lets them in: a key may end after it was shown. */
  holds(tx: Transaction): Promise<boolean>;
}

/** The key that an identity at a provider is, to the account that it belongs to. */
export const identityKey = (userId: string, providerId: string, subject: string): Key => ({
  userId,
  holds: async (tx) => (await findUserByIdentity(tx, providerId, subject))?.id === userId,
});

/** Opens a session for somebody whom a provider, a passkey or a code has vouched for. */
export async function openSessionWith(
  deps: Deps,
  key: Key & { secondFactor: boolean },
  userAgent: UserAgent,
): Promise<OpenedSession> {
  return await transaction(deps.db, async (tx) => {
    const user = await lockWith(tx, key);
    if (user.twoFactorEnabled && !key.secondFactor) throw new TrivetError("second_factor_required");
    return await openSession(tx, user, userAgent);
  });
}

/** A one-time code for POST /auth/session, which asks for the second factor, and for the verifier of `challenge`. */
export async function issueLoginCodeWith(deps: Deps, key: Key, challenge: string | null): Promise<string> {
  return await transaction(deps.db, async (tx) => {
    const user = await lockWith(tx, key);
    return await issueLoginCode(engineOf(deps, tx), user.id, challenge);
  });
}

async function lockWith(tx: Transaction, { userId, holds }: Key): Promise<User> {
  const user = await lockUser(tx, userId);
  if (!user || !(await holds(tx))) {
    throw new TrivetError("unauthenticated", "What you came in with is used or has just ended. Log in again.");
  }
  assertNotBanned(user);
  return user;
}
