import type { Transaction } from "@trivet/db";
import { newId, sha256 } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { insertRefreshToken, insertSession } from "../queries/sessions.ts";
import type { User } from "../tables.ts";
import { mintAccessToken } from "../tokens/access-token.ts";
import { randomToken } from "../tokens/random-token.ts";
import { absoluteLifetime, accessTokenSeconds } from "./lifetime.ts";

/** The answer to a login (RFC 6749, 5.1). */
export interface TokenAnswer {
  access_token: string;
  token_type: "Bearer";
  /** Seconds. */
  expires_in: number;
  refresh_token: string;
}

/** How a client names itself; only shown back to the account's owner. */
export type UserAgent = string | undefined;

const longestUserAgent = 256;

export interface OpenedSession {
  user: User;
  sessionId: string;
  refreshToken: string;
}

/** Starts a session of the user and its family of refresh tokens. */
export async function openSession(tx: Transaction, user: User, userAgent: UserAgent): Promise<OpenedSession> {
  const sessionId = newId();
  const refreshToken = randomToken();
  await insertSession(tx, {
    id: sessionId,
    userId: user.id,
    userAgent: userAgent?.slice(0, longestUserAgent).toWellFormed() ?? null,
    expiresAt: new Date(Date.now() + absoluteLifetime),
  });
  await insertRefreshToken(tx, { hash: sha256(refreshToken), sessionId });
  return { user, sessionId, refreshToken };
}

/**
 * The tokens of a session, once it is committed: signing may need the database for the key, and a
 * transaction must not wait for a second connection.
 */
export async function answerWithTokens(deps: Deps, opened: OpenedSession): Promise<TokenAnswer> {
  const { user, sessionId, refreshToken } = opened;
  return {
    access_token: await mintAccessToken(deps, { user, sessionId }),
    token_type: "Bearer",
    expires_in: accessTokenSeconds,
    refresh_token: refreshToken,
  };
}
