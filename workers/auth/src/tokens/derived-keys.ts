import { base64url } from "jose";

/** What a key is for. Keys of different uses share no bits, though all come from AUTH_SECRET. */
export type KeyUse = "seal" | "refresh" | "address" | "identifier";

const encoder = new TextEncoder();

/** HKDF-SHA256 (RFC 5869) of the secret, 32 bytes. */
export async function deriveKey(secret: string, use: KeyUse): Promise<Uint8Array<ArrayBuffer>> {
  const material = await crypto.subtle.importKey("raw", encoder.encode(secret), "HKDF", false, ["deriveBits"]);
  const info = encoder.encode(`trivet-auth ${use}`);
  const bits = await crypto.subtle.deriveBits(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info },
    material,
    256,
  );
  return new Uint8Array(bits);
}

const imported = new Map<string, CryptoKey>();

/** HMAC-SHA256 in base64url under the key of one use. The imported key is kept: it is plain data. */
export async function keyedHash(secret: string, use: KeyUse, value: string): Promise<string> {
  const name = `${use} ${secret}`;
  let key = imported.get(name);
  if (!key) {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    key = await crypto.subtle.importKey("raw", await deriveKey(secret, use), algorithm, false, ["sign"]);
    imported.set(name, key);
  }
  return base64url.encode(new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(value))));
}
