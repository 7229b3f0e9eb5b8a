import { type FieldError, TrivetError } from "@trivet/platform";
import { createMiddleware } from "hono/factory";
import { z } from "zod";
import { entryLimit, pointer } from "./field-error.ts";

/** A whole number in a query: decimal digits, and nothing else that JavaScript would read as a number. */
export const queryInteger = ({ min, max }: { min: number; max: number }) =>
  z
    .string({ error: digitsExpected })
    .regex(/^\d{1,15}$/, { error: digitsExpected })
    .transform(Number)
    .pipe(z.int().min(min).max(max))
    .meta({ type: "integer", minimum: min, maximum: max });

const digitsExpected = "must be a whole number in decimal digits";

/**
 * Refuses parameters that the contract does not name, and those that come twice: either is a mistake
 * that would otherwise go unnoticed, and two readers of one query may pick different values.
 */
export function strictQuery(schema: unknown) {
  const known = namesIn(schema);
  return createMiddleware((c, next) => {
    const { url } = c.req.raw;
    const start = url.indexOf("?");
    if (start !== -1 && known !== undefined) assertKnown(new URLSearchParams(url.slice(start + 1)), known);
    return next();
  });
}

/** Undefined where the contract takes any parameter. */
function namesIn(schema: unknown): ReadonlySet<string> | undefined {
  if (schema === undefined) return new Set();
  if (!(schema instanceof z.ZodObject)) return undefined;
  const { catchall } = schema.def;
  return catchall === undefined || catchall instanceof z.ZodNever ? new Set(Object.keys(schema.shape)) : undefined;
}

function assertKnown(query: URLSearchParams, known: ReadonlySet<string>): void {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const name of query.keys()) {
    if (!known.has(name)) errors.push(fault(name, "is not a known parameter"));
    else if (seen.has(name)) errors.push(fault(name, "may be sent only once"));
    seen.add(name);
    if (errors.length === entryLimit) break;
  }
  if (errors.length > 0) throw new TrivetError("validation_failed", undefined, { errors });
}

const fault = (name: string, detail: string): FieldError => ({ in: "query", pointer: pointer([name]), detail });
