import { TrivetError } from "@trivet/platform";
import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from "jose";
import { z } from "zod";
import type { Identity } from "./user-info.ts";

export interface IdTokenRules {
  issuer: string;
  jwksUri: string;
  clientId: string;
  /** What the client asked to be repeated in the token. A token that repeats anything else was made for another login. */
  nonce: string | undefined;
  signal: AbortSignal;
}

/** Signatures only: whoever could verify an HMAC could also make one. */
const algorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
const clockTolerance = 30;
const fresh = 300_000;
/** How long a token with an unknown key has to wait before the keys are fetched once more. */
const refetchAfter = 10_000;

interface Keys {
  jwks: JSONWebKeySet;
  readAt: number;
}

const keysByUri = new Map<string, Keys>();

const jwksShape = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

const claims = z.object({
  sub: z.string().min(1).max(255),
  nonce: z.string().optional(),
  azp: z.string().optional(),
  aud: z.union([z.string(), z.array(z.string())]),
  email: z.string().max(254).optional(),
  // Some providers write it as text.
  email_verified: z.union([z.boolean(), z.stringbool()]).optional(),
  name: z.string().optional(),
  preferred_username: z.string().optional(),
});

/** OpenID Connect Core 3.1.3.7. Throws `unauthenticated`. */
export async function verifyIdToken(idToken: string, rules: IdTokenRules): Promise<Identity> {
  const payload = await verifySignature(idToken, rules);
  const parsed = claims.safeParse(payload);
  if (!parsed.success) throw refused("lacks a claim that it must have");
  const { data } = parsed;
  if (data.nonce !== rules.nonce) throw refused("was made for another login");
  const audiences = Array.isArray(data.aud) ? data.aud.length : 1;
  if (data.azp === undefined ? audiences > 1 : data.azp !== rules.clientId)
    throw refused("was made for another client");
  return {
    subject: data.sub,
    email: data.email,
    emailVerified: data.email_verified ?? false,
    name: data.name,
    username: data.preferred_username,
  };
}

async function verifySignature(idToken: string, rules: IdTokenRules) {
  const { issuer, clientId: audience } = rules;
  const options = { issuer, audience, algorithms, clockTolerance, requiredClaims: ["sub", "iat", "exp"] };
  try {
    const keys = await readKeys(rules, fresh);
    try {
      return (await jwtVerify(idToken, createLocalJWKSet(keys), options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      return (await jwtVerify(idToken, createLocalJWKSet(await readKeys(rules, refetchAfter)), options)).payload;
    }
  } catch (error) {
    if (error instanceof errors.JOSEError) throw refused("does not verify", error);
    throw error;
  }
}

async function readKeys({ jwksUri, signal }: IdTokenRules, maxAge: number): Promise<JSONWebKeySet> {
  const known = keysByUri.get(jwksUri);
  if (known && Date.now() - known.readAt < maxAge) return known.jwks;
  const response = await fetch(jwksUri, { signal, headers: { accept: "application/json" } });
  if (!response.ok) throw new TrivetError("bad_gateway", "The provider's keys could not be read.");
  const jwks = jwksShape.parse(await response.json());
  keysByUri.set(jwksUri, { jwks, readAt: Date.now() });
  return jwks;
}

const refused = (fault: string, cause?: unknown): TrivetError =>
  new TrivetError("unauthenticated", `The id token ${fault}.`, { cause });
