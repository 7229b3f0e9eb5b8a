import { type FieldError, TrivetError } from "@trivet/platform";
import type { z } from "zod";
import { entryLimit, pointer } from "./field-error.ts";
import { withoutUnions } from "./union-issues.ts";
import "./words.ts";

type Target = "json" | "form" | "query" | "param" | "header" | "cookie";

const places: Record<Target, FieldError["in"]> = {
  json: "body",
  form: "body",
  query: "query",
  param: "path",
  header: "header",
  cookie: "header",
};

type Result = { target: string } & ({ success: true } | { success: false; error: z.core.$ZodError });

/** The hook of every validator: one entry per bad field, none of which repeats what was sent. */
export function refuseInvalid(result: Result): undefined {
  if (result.success) return;
  const place = places[result.target as Target] ?? "body";
  const issues = result.error.issues.flatMap(withoutUnions);
  throw new TrivetError("validation_failed", undefined, {
    errors: issues.flatMap((issue) => fieldErrors(place, issue)).slice(0, entryLimit),
  });
}

function fieldErrors(place: FieldError["in"], issue: z.core.$ZodIssue): FieldError[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.slice(0, entryLimit).map((key) => ({
      in: place,
      pointer: pointer([...issue.path, key]),
      detail: "is not a known field",
    }));
  }
  return [{ in: place, pointer: pointer(issue.path), detail: issue.message }];
}
