import { newId } from "@trivet/platform";
import { SignJWT } from "jose";
import type { Deps } from "../deps.ts";
import { signingAlgorithm, signingKey } from "../keys/keyring.ts";
import { accessTokenSeconds } from "../sessions/lifetime.ts";
import type { User } from "../tables.ts";

export interface AccessGrant {
  user: Pick<User, "id" | "role" | "username">;
  /** The session, or the API key, that the token comes from. */
  sessionId: string;
  scopes?: readonly string[] | undefined;
  /** The administrator who acts as the user (RFC 8693, 4.1). */
  actorId?: string | undefined;
  /** How long it is good. */
  seconds?: number;
}

/** A JWT access token (RFC 9068). */
export async function mintAccessToken(deps: Deps, grant: AccessGrant): Promise<string> {
  const { user, sessionId, scopes, actorId, seconds = accessTokenSeconds } = grant;
  const { kid, key } = await signingKey(deps);
  const now = Math.floor(Date.now() / 1_000);
  const claims = {
    sid: sessionId,
    role: user.role,
    username: user.username,
    ...(scopes && { scope: scopes.join(" ") }),
    ...(actorId !== undefined && { act: { sub: actorId } }),
  };
  return await new SignJWT(claims)
    .setProtectedHeader({ alg: signingAlgorithm, typ: "at+jwt", kid })
    .setIssuer(deps.env.PUBLIC_URL)
    .setAudience("trivet")
    .setSubject(user.id)
    .setJti(newId())
    .setIssuedAt(now)
    .setExpirationTime(now + seconds)
    .sign(key);
}
