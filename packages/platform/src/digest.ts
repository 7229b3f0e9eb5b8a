import { createHash, timingSafeEqual } from "node:crypto";

/** SHA-256 in base64url. Synchronous, unlike Web Crypto, and native on all three runtimes. */
export const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("base64url");

/** SHA-1 in hexadecimal: by this Redis knows a script. Not for anything that somebody could want to forge. */
export const sha1 = (data: string): string => createHash("sha1").update(data).digest("hex");

const fnvPrime = 0x01000193;

/**
 * A short fingerprint of a representation, for an `ETag`; not for secrets. Two FNV-1a hashes of 32 bits
 * from different bases: a cryptographic digest would cost more than the rest of a small answer.
 */
export function fingerprint(data: string): string {
  let low = 0x811c9dc5;
  let high = 0xcbf29ce4;
  for (let index = 0; index < data.length; index += 1) {
    const unit = data.charCodeAt(index);
    low = Math.imul(low ^ unit, fnvPrime);
    high = Math.imul(high ^ unit ^ index, fnvPrime);
  }
  return ((high >>> 0).toString(36) + (low >>> 0).toString(36)).padEnd(8, "0");
}

/** Compares two secrets in a time that does not depend on where they differ. */
export function sameSecret(a: string, b: string): boolean {
  const encoder = new TextEncoder();
  // Digests have one length, which is what timingSafeEqual asks for.
  return timingSafeEqual(encoder.encode(sha256(a)), encoder.encode(sha256(b)));
}
