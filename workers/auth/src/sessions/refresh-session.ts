import { transaction } from "@trivet/db";
import { sha256, TrivetError } from "@trivet/platform";
import { deliverSoon } from "../accounts/announce.ts";
import { isBanned } from "../admin/is-banned.ts";
import type { Deps } from "../deps.ts";
import { assertCanSign } from "../keys/keyring.ts";
import { lockRefreshToken, rotateRefreshToken } from "../queries/sessions.ts";
import { keyedHash } from "../tokens/derived-keys.ts";
import { idleLifetime } from "./lifetime.ts";
import { answerWithTokens, type TokenAnswer } from "./open-session.ts";
import { revokeSession } from "./revoke-sessions.ts";

/** How long a rotated token still answers with the same child: for a client that lost the answer, or asked twice. */
const grace = 10_000;

/**
 * Trades a refresh token for an access token and the next refresh token. The next one is derived from
 * this one under a key of ours, so that it can be told twice without being stored in clear. A token
 * that was traded before, other than just now, is in two hands: the whole family ends.
 *
 * Throws `unauthenticated`.
 */
export async function refreshSession(deps: Deps, refreshToken: string): Promise<TokenAnswer> {
  await assertCanSign(deps);
  const hash = sha256(refreshToken);
  const child = await keyedHash(deps.env.AUTH_SECRET, "refresh", refreshToken);
  const found = await transaction(deps.db, async (tx) => {
    const row = await lockRefreshToken(tx, hash);
    if (!row) return undefined;
    const now = new Date();
    const { session, user, rotatedAt } = row;
    const idle = now.getTime() - session.lastUsedAt.getTime() > idleLifetime;
    const reused = rotatedAt !== null && now.getTime() - rotatedAt.getTime() > grace;
    if (reused || idle || session.expiresAt <= now || isBanned(user, now)) {
      await revokeSession(deps, tx, session);
      return { reused, session, user, alive: false };
    }
    if (rotatedAt === null)
      await rotateRefreshToken(tx, { hash, childHash: sha256(child), sessionId: session.id, now });
    return { reused, session, user, alive: true };
  });
  if (found?.reused) {
    deps.invocation.log.warn("A refresh token was used again; its session has been ended", {
      user_id: found.user.id,
      session_id: found.session.id,
    });
  }
  if (found && !found.alive) deliverSoon(deps);
  if (!found?.alive) throw new TrivetError("unauthenticated", "The refresh token is not valid any more. Log in again.");
  return await answerWithTokens(deps, { user: found.user, sessionId: found.session.id, refreshToken: child });
}
