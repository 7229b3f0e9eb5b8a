import { TrivetError } from "@trivet/platform";
import { z } from "zod";
import { commonPasswords } from "./common-passwords.ts";

/** Characters by Unicode code point, which is what a person counts; nothing is cut off. */
const length = (password: string): number => [...password].length;

/** The fewest characters of a password. */
export const shortest = 8;

/**
 * NIST SP 800-63B: at least 8 characters, no rules on which. All of Unicode counts, and 256
 * characters bound the work of hashing.
 */
export const newPassword = z
  .string()
  .max(1_024)
  .refine((password) => password.isWellFormed() && length(password) >= shortest && length(password) <= 256, {
    error: "must have 8 to 256 characters",
  })
  .meta({
    description: "8 to 256 characters, any; none of the most common passwords, and not made of the account's own names",
    example: "a quiet lake at dawn",
    format: "password",
  });

/** A password to compare with a stored one: bounded, but otherwise anything. */
export const givenPassword = z.string().min(1).max(1_024).meta({ format: "password", example: "a quiet lake at dawn" });

const serviceName = "trivet";

/** With fewer letters than this, what a name leaves of a password is an ornament: a year, an exclamation mark. */
const fewestLetters = 4;

/**
 * Refuses the first things anybody would guess: the most common passwords (ASVS 5.0, 6.2.4), and what
 * is made of the account's own names or the service's (6.2.11). Throws `validation_failed`.
 */
export function assertNotObvious(
  password: string,
  account: { email: string; username: string },
  pointer = "/password",
): void {
  const folded = fold(password);
  const detail = isCommon(folded) ? "is one of the most common passwords" : madeOfNames(folded, account);
  if (detail === undefined) return;
  throw new TrivetError("validation_failed", undefined, { errors: [{ in: "body", pointer, detail }] });
}

/** The list is in lower case, blanks around each; none has a blank in it. */
const isCommon = (folded: string): boolean => !/\s/.test(folded) && commonPasswords.includes(` ${folded} `);

function madeOfNames(folded: string, { email, username }: { email: string; username: string }): string | undefined {
  const names = [email, username, email.split("@")[0] ?? "", serviceName].map(fold);
  const rest = names.reduce((text, name) => text.replaceAll(name, ""), folded);
  const letters = rest.match(/\p{L}/gu)?.length ?? 0;
  const isRest = rest !== folded && (isCommon(rest) || (letters < fewestLetters && length(rest) < shortest));
  return isRest ? "must not be made of the username, the email address or the name of this service" : undefined;
}

/** As a person sees it: the same characters in whatever case and composition are the same guess. */
const fold = (text: string): string => text.normalize("NFKC").toLowerCase();
