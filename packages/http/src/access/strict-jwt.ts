import { isCanonical } from "@trivet/platform";
import { base64url, type CryptoKey, errors, type JWTPayload, jwtVerify } from "jose";

/** What exactly one kind of token must look like; anything else is forged. */
export interface TokenRules {
  algorithm: string;
  type: string;
  audience: string;
  issuer?: string;
  /** The longest lifetime in seconds a token of this kind may have been made for. */
  maxLifetime: number;
}

export interface StrictHeader {
  alg: string;
  typ: string;
  kid?: string;
}

/** Why a token is refused. The reason is for the caller; it repeats nothing of the token. */
export class TokenFault extends Error {
  readonly expired: boolean;

  constructor(reason: string, expired = false) {
    super(reason);
    this.expired = expired;
  }
}

const headerNames = new Set(["alg", "typ", "kid"]);
/** Seconds by which clocks of two machines may differ. */
const clockTolerance = 5;
/** Longer than any token Trivet makes; bounds the work an attacker can cause. */
const lengthLimit = 4_096;

/**
 * Reads the protected header of a compact JWS, refusing everything a token of ours never has. It is
 * stricter than RFC 7515 where leniency has been abused: base64url must be canonical, the JSON must be
 * exactly what `JSON.stringify` writes (so no duplicate keys), and no other header parameter may
 * appear (`jwk`, `jku`, `x5u`, `x5c`, `crit`, `b64` bring an attacker's key or rules).
 */
export function readHeader(token: string, rules: TokenRules): StrictHeader {
  if (token.length > lengthLimit) throw new TokenFault("The token is too long.");
  const parts = token.split(".");
  if (parts.length !== 3) throw new TokenFault("The token is not a signed JWT.");
  const [encodedHeader = "", encodedPayload = "", signature = ""] = parts;
  const header = canonicalJson(encodedHeader);
  canonicalJson(encodedPayload);
  if (signature === "" || !isCanonical(signature)) {
    throw new TokenFault("The token's signature is not canonical base64url.");
  }
  if (Object.keys(header).some((name) => !headerNames.has(name))) {
    throw new TokenFault("The token's header has a parameter that is not allowed.");
  }
  const { alg, typ, kid } = header;
  if (alg !== rules.algorithm) throw new TokenFault(`The token's algorithm is not ${rules.algorithm}.`);
  if (typ !== rules.type) throw new TokenFault(`The token's type is not ${rules.type}.`);
  if (kid !== undefined && typeof kid !== "string") throw new TokenFault("The token's key id is not a string.");
  return kid === undefined ? { alg, typ } : { alg, typ, kid };
}

/** Checks signature, audience, issuer and times; the header has been read by `readHeader`. */
export async function verifyStrictly(token: string, key: CryptoKey | Uint8Array, rules: TokenRules) {
  let payload: JWTPayload;
  try {
    ({ payload } = await jwtVerify(token, key, {
      algorithms: [rules.algorithm],
      typ: rules.type,
      audience: rules.audience,
      ...(rules.issuer !== undefined && { issuer: rules.issuer }),
      requiredClaims: ["iss", "aud", "iat", "exp"],
      clockTolerance,
    }));
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw new TokenFault("The token has expired.", true);
    if (error instanceof errors.JWTClaimValidationFailed) {
      throw new TokenFault(`The token's claim "${error.claim}" is not what is expected here.`);
    }
    throw new TokenFault("The token's signature does not verify.");
  }
  const { iat = 0, exp = 0, aud } = payload;
  if (typeof aud !== "string") throw new TokenFault("The token is for more than one audience.");
  if (iat > Date.now() / 1_000 + clockTolerance) throw new TokenFault("The token was issued in the future.");
  if (exp - iat > rules.maxLifetime) throw new TokenFault("The token was made for too long a time.");
  return payload;
}

function canonicalJson(encoded: string): Record<string, unknown> {
  const bytes = canonicalBytes(encoded);
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    if (isRecord(value) && JSON.stringify(value) === text) return value;
  } catch {
    // Refused below, like everything else that is not canonical.
  }
  throw new TokenFault("The token is not canonical JSON in base64url.");
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The bytes of what could be written in no other way. */
const canonicalBytes = (encoded: string): Uint8Array | undefined =>
  encoded !== "" && isCanonical(encoded) ? base64url.decode(encoded) : undefined;
