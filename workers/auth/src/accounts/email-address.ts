import { z } from "zod";

/** Addresses are compared and kept in lower case; no provider that matters tells cases apart. */
export const normaliseEmail = (email: string): string => email.trim().toLowerCase();

/** Lower case comes last: it makes a `k` of the Kelvin sign, and of one person's address another's. */
export const emailAddress = z
  .string()
  .max(254)
  .trim()
  .pipe(z.email({ error: "must be an email address" }).toLowerCase())
  .meta({ example: "ada@example.com", format: "email" });
