import { TrivetError } from "@trivet/platform";
import { CompactEncrypt, compactDecrypt } from "jose";
import { deriveKey } from "./derived-keys.ts";

/** Encrypts what must be stored but read by auth alone: a compact JWE (`dir`, A256GCM). */
export async function seal(secret: string, text: string): Promise<string> {
  return await new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
    .encrypt(await deriveKey(secret, "seal"));
}

/** Throws `unavailable` when the text was sealed under another secret or tampered with. */
export async function unseal(secret: string, sealed: string): Promise<string> {
  const { plaintext } = await compactDecrypt(sealed, await deriveKey(secret, "seal"), {
    keyManagementAlgorithms: ["dir"],
    contentEncryptionAlgorithms: ["A256GCM"],
  }).catch((cause: unknown) => {
    throw notOurs(cause);
  });
  return new TextDecoder().decode(plaintext);
}

/** What is stored cannot be opened. The caller hears that it is not their fault; its cause in the log is for the operator. */
export const notOurs = (cause: unknown): TrivetError =>
  new TrivetError("unavailable", "This cannot be done now: the service is not configured as it was.", {
    cause: new Error(
      'AUTH_SECRET does not open what is stored: it is not the one under which that was encrypted. Set the former one again; to change it for good, see "Another AUTH_SECRET" in docs/reliability.md.',
      { cause },
    ),
  });
