import { CompactEncrypt, compactDecrypt } from "jose";
import { deriveKey } from "./derived-keys.ts";

/** Encrypts what must be stored but read by auth alone: a compact JWE (`dir`, A256GCM). */
export async function seal(secret: string, text: string): Promise<string> {
  return await new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
    .encrypt(await deriveKey(secret, "seal"));
}

/** Rejects when the text was sealed under another secret or tampered with. */
export async function unseal(secret: string, sealed: string): Promise<string> {
  const { plaintext } = await compactDecrypt(sealed, await deriveKey(secret, "seal"), {
    keyManagementAlgorithms: ["dir"],
    contentEncryptionAlgorithms: ["A256GCM"],
  });
  return new TextDecoder().decode(plaintext);
}
