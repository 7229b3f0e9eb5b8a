import type { Transaction } from "@trivet/db";
import { newId } from "@trivet/platform";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import type { Deps } from "../deps.ts";
import {
  insertSigningKey,
  listSigningKeys,
  lockSigningKeys,
  retireSigningKeys,
  type SigningKeyRow,
} from "../queries/signing-keys.ts";
import { accessTokenSeconds } from "../sessions/lifetime.ts";
import { seal } from "../tokens/seal.ts";

/** Milliseconds from a key's publication to its first signature: everybody has fetched it by then. */
const announced = 5 * 60_000;
/** How long after the last token of a key has died it stays published, for clocks that differ. */
const slack = 5 * 60_000;

export interface NewKey {
  kid: string;
  publicJwk: JWK;
  sealedPrivateJwk: string;
}

export type PlacedKey = Pick<SigningKeyRow, "kid" | "signsFrom">;

/** A new key pair, its private half encrypted. */
export async function makeSigningKey({ env }: Pick<Deps, "env">): Promise<NewKey> {
  const { privateKey, publicKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  const kid = newId();
  const publicJwk = { ...(await exportJWK(publicKey)), alg: "EdDSA", use: "sig", kid };
  const sealedPrivateJwk = await seal(env.AUTH_SECRET, JSON.stringify(await exportJWK(privateKey)));
  return { kid, publicJwk, sealedPrivateJwk };
}

/**
 * Makes this the next signing key, unless one is waiting already; the first of all signs at once. One
 * process at a time decides: whoever comes second finds the key of the first and drops its own.
 */
export async function placeSigningKey(
  tx: Transaction,
  key: NewKey,
  isDue: (rows: readonly SigningKeyRow[]) => boolean = () => true,
): Promise<PlacedKey> {
  await lockSigningKeys(tx);
  const now = new Date();
  const rows = await listSigningKeys(tx, now);
  const newest = rows.at(-1);
  if (newest && (newest.signsFrom > now || !isDue(rows))) return newest;
  const signsFrom = newest ? new Date(now.getTime() + announced) : now;
  await retireSigningKeys(tx, new Date(signsFrom.getTime() + accessTokenSeconds * 1_000 + slack));
  await insertSigningKey(tx, { ...key, signsFrom });
  return { kid: key.kid, signsFrom };
}
