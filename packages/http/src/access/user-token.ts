import { role } from "@trivet/contracts";
import { TrivetError, type UserActor } from "@trivet/platform";
import { z } from "zod";
import type { FetchKeys, KeySet } from "./key-set.ts";
import { readHeader, TokenFault, type TokenRules, verifyStrictly } from "./strict-jwt.ts";
import type { VerifiedTokens } from "./verified-tokens.ts";

/** RFC 9068 names the type of a JWT access token. */
const accessTokenRules = (issuer: string): TokenRules => ({
  algorithm: "EdDSA",
  type: "at+jwt",
  audience: "trivet",
  issuer,
  maxLifetime: 3_600,
});

const claims = z.object({
  sub: z.uuid(),
  sid: z.uuid(),
  role,
  username: z.string(),
  exp: z.number(),
  scope: z.string().optional(),
  act: z.object({ sub: z.uuid() }).optional(),
});

export interface UserTokens {
  issuer: string;
  keys: KeySet;
  verified: VerifiedTokens<UserActor>;
}

/** Who an access token stands for; throws `unauthenticated`, or `unavailable` when no key can be had. */
export async function verifyUserToken(token: string, tokens: UserTokens, fetchKeys: FetchKeys): Promise<UserActor> {
  const known = tokens.verified.find(token, tokens.keys.trusts);
  if (known) return known;
  try {
    return await verify(token, tokens, fetchKeys);
  } catch (fault) {
    if (!(fault instanceof TokenFault)) throw fault;
    const detail = fault.expired ? `${fault.message} Get a new one from /auth/refresh.` : fault.message;
    throw new TrivetError("unauthenticated", detail, {
      // RFC 6750 section 3.1.
      headers: {
        "www-authenticate": `Bearer realm="trivet", error="invalid_token", error_description="${detail.replaceAll('"', "'")}"`,
      },
    });
  }
}

async function verify(token: string, tokens: UserTokens, fetchKeys: FetchKeys): Promise<UserActor> {
  const rules = accessTokenRules(tokens.issuer);
  const { kid } = readHeader(token, rules);
  if (kid === undefined) throw new TokenFault("The token names no key.");
  const key = await tokens.keys.find(kid, fetchKeys).catch((cause: unknown) => {
    throw new TrivetError("unavailable", "The keys that verify tokens cannot be fetched.", { cause, retryAfter: 1 });
  });
  if (!key) throw new TokenFault("The token's key is not one of the issuer's.");
  const parsed = claims.safeParse(await verifyStrictly(token, key, rules));
  if (!parsed.success) throw new TokenFault("The token lacks a claim that every access token has.");
  const actor = actorOf(parsed.data);
  tokens.verified.add(token, { subject: actor, expiresAt: parsed.data.exp * 1_000, keyId: kid });
  return actor;
}

const actorOf = (claim: z.output<typeof claims>): UserActor => ({
  kind: "user",
  id: claim.sub,
  sessionId: claim.sid,
  role: claim.role,
  username: claim.username,
  ...(claim.scope !== undefined && { scopes: claim.scope.split(" ").filter(Boolean) }),
  ...(claim.act && { impersonatedBy: claim.act.sub }),
});
