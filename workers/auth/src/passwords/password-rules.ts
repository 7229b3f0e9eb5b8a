import { TrivetError } from "@trivet/platform";
import { z } from "zod";

/** Characters by Unicode code point, which is what a person counts; nothing is cut off. */
const length = (password: string): number => [...password].length;

/**
 * NIST SP 800-63B: at least 8 characters, no rules on which. All of Unicode counts, and 256
 * characters bound the work of hashing.
 */
export const newPassword = z
  .string()
  .max(1_024)
  .refine((password) => password.isWellFormed() && length(password) >= 8 && length(password) <= 256, {
    error: "must have 8 to 256 characters",
  })
  .meta({ description: "8 to 256 characters, any", example: "a quiet lake at dawn", format: "password" });

/** A password to compare with a stored one: bounded, but otherwise anything. */
export const givenPassword = z.string().min(1).max(1_024).meta({ format: "password", example: "a quiet lake at dawn" });

/** Refuses the first thing anybody would guess. Throws `validation_failed`. */
export function assertNotObvious(
  password: string,
  account: { email: string; username: string },
  pointer = "/password",
): void {
  const folded = password.toLowerCase();
  const { email, username } = account;
  const obvious = [username.toLowerCase(), email.toLowerCase(), email.toLowerCase().split("@")[0]];
  if (!obvious.includes(folded)) return;
  throw new TrivetError("validation_failed", undefined, {
    errors: [{ in: "body", pointer, detail: "must not be the username or the email address" }],
  });
}
