import { type ServiceActor, serviceTokenAlgorithm, serviceTokenType, TrivetError } from "@trivet/platform";
import { readHeader, TokenFault, type TokenRules, verifyStrictly } from "./strict-jwt.ts";
import type { VerifiedTokens } from "./verified-tokens.ts";

export interface ServiceTokens {
  /** The service this one is: the audience its tokens must name. */
  self: string;
  secret: string;
  verified: VerifiedTokens<ServiceActor>;
}

const sharedKey = "shared";
const isShared = (keyId: string): boolean => keyId === sharedKey;

/** The service that calls: 401 without a token, 403 with one that is not good here. */
export async function verifyServiceToken(token: string | undefined, tokens: ServiceTokens): Promise<ServiceActor> {
  if (token === undefined || token === "") throw new TrivetError("service_token_required");
  const known = tokens.verified.find(token, isShared);
  if (known) return known;
  const rules: TokenRules = {
    algorithm: serviceTokenAlgorithm,
    type: serviceTokenType,
    audience: tokens.self,
    maxLifetime: 3_600,
  };
  try {
    readHeader(token, rules);
    const payload = await verifyStrictly(token, new TextEncoder().encode(tokens.secret), rules);
    if (payload.type !== "service" || payload.iss === undefined) throw new TokenFault("The token is no service's.");
    const actor: ServiceActor = { kind: "service", name: payload.iss };
    tokens.verified.add(token, { subject: actor, expiresAt: (payload.exp ?? 0) * 1_000, keyId: sharedKey });
    return actor;
  } catch (fault) {
    if (fault instanceof TokenFault) throw new TrivetError("service_token_invalid", undefined, { cause: fault });
    throw fault;
  }
}
