import { z } from "zod";

/**
 * Text that Postgres can store: well-formed Unicode without NUL. Lengths count UTF-16 code units,
 * as JSON Schema validators of most languages do.
 */
export const text = (limits: { min?: number; max: number }) =>
  z
    .string()
    .min(limits.min ?? 0)
    .max(limits.max)
    .refine((value) => value.isWellFormed() && !value.includes("\u0000"), {
      error: "must be well-formed Unicode without NUL characters",
    });

/** A UUID of any version; Trivet makes version 7. In lower case from here on, so that equal ids are equal strings. */
export const id = z
  .uuid()
  .toLowerCase()
  .meta({ description: "A UUID", example: "019a9f00-0000-7000-8000-000000000000" });

/** 3 to 30 of a-z, 0-9, `_` and `.`; compared without regard to case. */
export const username = z
  .string()
  .min(3)
  .max(30)
  .regex(/^[A-Za-z\d](?:[A-Za-z\d]|[._](?=[A-Za-z\d]))*$/, {
    error: "must be letters and digits, with single dots or underscores between them",
  })
  .meta({ example: "ada.lovelace" });

export const role = z.enum(["user", "moderator", "admin"]);

/** A name of the IANA time zone database. */
export const timeZone = text({ min: 1, max: 64 })
  .refine(isTimeZone, { error: "must be an IANA time zone, such as Europe/Zurich" })
  .meta({ example: "Europe/Zurich" });

/** Intl also knows offsets such as +02:00, which say nothing about summer time. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
