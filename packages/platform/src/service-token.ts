import { SignJWT } from "jose";

/** RFC 8725 section 3.11: an explicit type keeps one kind of JWT from being taken for another. */
export const serviceTokenType = "service+jwt";
export const serviceTokenAlgorithm = "HS256";

/** Service tokens live 5 minutes; a callee refuses one made for longer than an hour. */
const lifetime = 300;
const renewBefore = 60;

interface Minted {
  token: string;
  expiresAt: number;
}

const minted = new Map<string, Minted>();

/**
 * The `x-service-token` by which service `caller` shows service `callee` who is asking: a JWT with
 * `iss` = caller, `aud` = callee, signed with SERVICE_JWT_SECRET. One is reused until it is about
 * to expire.
 */
export async function mintServiceToken(caller: string, callee: string, secret: string): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  const key = `${caller} ${callee} ${secret}`;
  const known = minted.get(key);
  if (known && known.expiresAt - renewBefore > now) return known.token;
  const token = await new SignJWT({ type: "service" })
    .setProtectedHeader({ alg: serviceTokenAlgorithm, typ: serviceTokenType })
    .setIssuer(caller)
    .setAudience(callee)
    .setIssuedAt(now)
    .setExpirationTime(now + lifetime)
    .sign(new TextEncoder().encode(secret));
  minted.set(key, { token, expiresAt: now + lifetime });
  return token;
}
