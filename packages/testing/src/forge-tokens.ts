import { createHmac, randomUUID } from "node:crypto";
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, importJWK, type JWTPayload, SignJWT } from "jose";
import { z } from "zod";
import { unseal } from "../../../workers/auth/src/tokens/seal.ts";
import { asAdmin } from "./database/test-server.ts";
import type { SharedSystem } from "./system/shared-systems.ts";

export interface Forgery {
  name: string;
  token: string;
}

interface IssuerKey {
  kid: string;
  privateKey: CryptoKey | Uint8Array;
  publicKey: CryptoKey;
}

const jwk = z.object({ kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: z.string() });
const privateJwk = jwk.extend({ d: z.string() });

/** The system's own signing key: with it, a token can be wrong in one point and right in all others. */
async function issuerKey(system: SharedSystem): Promise<IssuerKey> {
  const row = await asAdmin(system.adminUrl, async (sql) => {
    const [found] = await sql<{ kid: string; sealed: string }[]>`
      SELECT kid, sealed_private_jwk AS sealed FROM auth.signing_keys ORDER BY signs_from LIMIT 1`;
    return found;
  });
  if (!row) throw new Error("auth has no signing key yet: register somebody first.");
  const pair = privateJwk.parse(JSON.parse(await unseal(system.secrets.AUTH_SECRET, row.sealed)));
  const { d: _, ...publicPart } = pair;
  const publicKey = await importJWK(publicPart, "EdDSA", { extractable: true });
  if (publicKey instanceof Uint8Array) throw new TypeError("A public key cannot be symmetric.");
  return { kid: row.kid, privateKey: await importJWK(pair, "EdDSA"), publicKey };
}

const json = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const decode = (part: string): object => z.looseObject({}).parse(JSON.parse(Buffer.from(part, "base64url").toString()));

/** A token that differs from a good one in nothing: what makes the other forgeries mean something. */
export async function wellMadeToken(system: SharedSystem, genuine: string, claims: JWTPayload = {}): Promise<string> {
  const { kid, privateKey } = await issuerKey(system);
  const payload = decode(genuine.split(".")[1] ?? "");
  return await new SignJWT({ ...payload, ...claims })
    .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid })
    .sign(privateKey);
}

/** Tokens that nobody may accept, each made from a genuine one and wrong in one point. */
export async function forgeTokens(system: SharedSystem, genuine: string): Promise<Forgery[]> {
  const { kid, privateKey, publicKey } = await issuerKey(system);
  const [header = "", payload = "", signature = ""] = genuine.split(".");
  const claims = decode(payload);
  const now = Math.floor(Date.now() / 1_000);
  const good = { alg: "EdDSA", typ: "at+jwt", kid };
  const signed = (changed: JWTPayload, head = good, key: CryptoKey | Uint8Array = privateKey) =>
    new SignJWT({ ...claims, ...changed }).setProtectedHeader(head).sign(key);
  const stranger = await generateKeyPair("EdDSA", { extractable: true });
  const strangerJwk = await exportJWK(stranger.publicKey);
  const hmac = (head: object, secret: string | Uint8Array) => {
    const input = `${json(head)}.${payload}`;
    return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
  };
  // All bits of a signature count, though its last character carries fewer than six.
  const loose = signature.slice(0, -1) + (signature.endsWith("A") ? "B" : nextLetter(signature.at(-1)));
  return [
    { name: "garbage", token: "garbage" },
    { name: "an empty signature", token: `${header}.${payload}.` },
    { name: "a cut signature", token: `${header}.${payload}.${signature.slice(0, -4)}` },
    {
      name: "other claims under the old signature",
      token: `${header}.${json({ ...claims, role: "admin" })}.${signature}`,
    },
    { name: "padding after the signature", token: `${genuine}==` },
    { name: "loose bits in the signature", token: `${header}.${payload}.${loose}` },
    { name: "alg none", token: `${json({ alg: "none", typ: "at+jwt", kid })}.${payload}.` },
    {
      name: "alg None with the old signature",
      token: `${json({ alg: "None", typ: "at+jwt", kid })}.${payload}.${signature}`,
    },
    { name: "HS256 under the public key", token: hmac({ ...good, alg: "HS256" }, await exportSPKI(publicKey)) },
    {
      name: "HS256 under the public key's bytes",
      token: hmac({ ...good, alg: "HS256" }, Buffer.from((await exportJWK(publicKey)).x ?? "", "base64url")),
    },
    {
      name: "HS256 under the services' secret",
      token: hmac({ ...good, alg: "HS256" }, system.secrets.SERVICE_JWT_SECRET),
    },
    { name: "another's key under our kid", token: await signed({}, good, stranger.privateKey) },
    {
      name: "another's key, sent along as jwk",
      token: await signed({}, { ...good, ...{ jwk: strangerJwk } }, stranger.privateKey),
    },
    {
      name: "another's key, pointed to by jku",
      token: await signed({}, { ...good, ...{ jku: "http://127.0.0.1:9/jwks.json" } }, stranger.privateKey),
    },
    { name: "an unknown kid", token: await signed({}, { ...good, kid: randomUUID() }) },
    { name: "a kid that is a path", token: await signed({}, { ...good, kid: "../../../../dev/null" }) },
    { name: "no kid", token: await signed({}, { alg: "EdDSA", typ: "at+jwt" } as typeof good) },
    { name: "another type", token: await signed({}, { ...good, typ: "JWT" }) },
    { name: "another audience", token: await signed({ aud: "elsewhere" }) },
    { name: "two audiences", token: await signed({ aud: ["trivet", "elsewhere"] }) },
    { name: "another issuer", token: await signed({ iss: "http://elsewhere.test" }) },
    { name: "an expired token", token: await signed({ iat: now - 700, exp: now - 100 }) },
    { name: "a token from the future", token: await signed({ iat: now + 3_600, exp: now + 4_200 }) },
    { name: "a token that never expires", token: await signed({ exp: now + 10 * 365 * 86_400 }) },
    { name: "a token without expiry", token: await withoutClaim("exp") },
    { name: "a token without subject", token: await withoutClaim("sub") },
  ];

  async function withoutClaim(name: string): Promise<string> {
    const rest = Object.fromEntries(Object.entries(claims).filter(([claim]) => claim !== name));
    return await new SignJWT(rest).setProtectedHeader(good).sign(privateKey);
  }
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const nextLetter = (letter = "A"): string => alphabet.charAt(alphabet.indexOf(letter) ^ 1);
