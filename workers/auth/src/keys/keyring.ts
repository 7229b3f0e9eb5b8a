import { transaction } from "@trivet/db";
import { sha256 } from "@trivet/platform";
import { type CryptoKey, importJWK, type JWK } from "jose";
import { z } from "zod";
import type { Deps } from "../deps.ts";
import { listSigningKeys, type SigningKeyRow } from "../queries/signing-keys.ts";
import { unseal } from "../tokens/seal.ts";
import { makeSigningKey, placeSigningKey } from "./rotate-signing-keys.ts";

export const signingAlgorithm = "EdDSA";

export interface SigningKey {
  kid: string;
  key: CryptoKey;
}

interface Keyring {
  rows: SigningKeyRow[];
  /** Private keys that have been needed, by kid. */
  opened: Map<string, CryptoKey>;
  loadedAt: number;
}

/** Less than a new key is published ahead of signing, so nobody misses its publication. */
const fresh = 30_000;
/** Milliseconds after which a key makes room for a new one. */
const longestUse = 30 * 24 * 3_600_000;

/** By database and secret. Rows and imported keys are plain data, which may outlive an invocation. */
const keyrings = new Map<string, Keyring>();

/** The key that signs now. Throws `unavailable` when AUTH_SECRET is not the one under which it was encrypted. */
export async function signingKey(deps: Deps): Promise<SigningKey> {
  const keyring = await loadKeyring(deps);
  const row = current(keyring.rows);
  if (!row) throw new Error("There is no signing key although one was just made.");
  const opened = keyring.opened.get(row.kid);
  if (opened) return { kid: row.kid, key: opened };
  const key = await openPrivateKey(row, deps.env.AUTH_SECRET);
  keyring.opened.set(row.kid, key);
  return { kid: row.kid, key };
}

/**
 * For `/ready`, and for whoever stores something before it signs or encrypts it: without the former secret it is refused
 * before anything has changed. Throws as `signingKey` does.
 */
export async function assertCanSign(deps: Deps): Promise<void> {
  await signingKey(deps);
}

/** The JWKS (RFC 7517): keys that sign, will sign soon, or signed tokens that are still alive. */
export async function publishedKeys(deps: Deps): Promise<{ keys: JWK[] }> {
  const { rows } = await loadKeyring(deps);
  return { keys: rows.map((row) => row.publicJwk) };
}

/** Forgets what this process has loaded, after it changed the keys itself. */
export const forgetKeyring = (deps: Deps): boolean => keyrings.delete(nameOf(deps));

/** Publishes the next signing key when the present one has signed for long enough. A repeat finds the key there. */
export async function rotateWhenDue(deps: Deps): Promise<void> {
  if (!isDue(await listSigningKeys(deps.db, new Date()))) return;
  const key = await makeSigningKey(deps);
  await transaction(deps.db, (tx) => placeSigningKey(tx, key, isDue));
  forgetKeyring(deps);
}

async function loadKeyring(deps: Deps): Promise<Keyring> {
  const known = keyrings.get(nameOf(deps));
  if (known && Date.now() - known.loadedAt < fresh && current(known.rows)) return known;
  let rows = await listSigningKeys(deps.db, new Date());
  // The cron comes once a day, and not before the first request of all.
  if (isDue(rows)) {
    await rotateWhenDue(deps);
    rows = await listSigningKeys(deps.db, new Date());
  }
  const keyring = { rows, opened: known?.opened ?? new Map<string, CryptoKey>(), loadedAt: Date.now() };
  keyrings.set(nameOf(deps), keyring);
  return keyring;
}

/** Rows are ordered by the time from which they sign. */
const current = (rows: readonly SigningKeyRow[]): SigningKeyRow | undefined =>
  rows.findLast((row) => row.signsFrom.getTime() <= Date.now());

function isDue(rows: readonly SigningKeyRow[]): boolean {
  const newest = rows.at(-1);
  return !newest || !current(rows) || Date.now() - newest.signsFrom.getTime() > longestUse;
}

const nameOf = ({ env }: Deps): string => sha256(`${env.DB.connectionString} ${env.AUTH_SECRET}`);

const privateJwk = z.object({ kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: z.string(), d: z.string() });

async function openPrivateKey(row: SigningKeyRow, secret: string): Promise<CryptoKey> {
  const jwk = privateJwk.parse(JSON.parse(await unseal(secret, row.sealedPrivateJwk)));
  const key = await importJWK(jwk, signingAlgorithm);
  if (key instanceof Uint8Array) throw new TypeError("An Ed25519 key was imported as a symmetric one.");
  return key;
}
