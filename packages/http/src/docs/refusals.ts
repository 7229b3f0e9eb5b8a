import { type ErrorCode, errorCodes, isErrorCode } from "@trivet/platform";
import { z } from "zod";
import { everywhere, type HeaderName, headersNamed, limited } from "./headers.ts";

const fieldError = z.object({
  in: z.enum(["body", "query", "path", "header"]),
  pointer: z.string().meta({ description: "RFC 6901 JSON pointer to the field, or to the parameter by its name" }),
  detail: z.string(),
});

/** RFC 9457, as every refusal is written. */
export const problemSchema = z
  .object({
    type: z.string().meta({ description: "A page that explains the code" }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: "What was expected, and how to mend it" }),
    instance: z.string().meta({ description: "The path that was asked for, as it was sent" }),
    code: z.enum(Object.keys(errorCodes)),
    error: z.string().meta({ description: "The title again, for simple clients" }),
    request_id: z.string(),
    errors: z.array(fieldError).optional(),
  })
  .meta({ id: "Problem", description: "RFC 9457 problem details" });

const reference = "#/components/responses/";

/** The refusals of a route, a response for each status; those with the same codes share a component. */
export function refusalsOf(codes: Iterable<ErrorCode>): Record<string, { $ref: string }> {
  const byStatus = Map.groupBy(new Set(codes), (code) => errorCodes[code].status);
  return Object.fromEntries([...byStatus].map(([status, group]) => [status, { $ref: reference + group.join(".") }]));
}

/** The components that a document's text refers to, and the one that belongs to no operation: another method. */
export function refusalComponents(document: string) {
  const names = [...document.matchAll(/"#\/components\/responses\/([\w.]+)"/g)].map(([, name]) => name ?? "");
  const all = new Set([...names, "method_not_allowed"]);
  return Object.fromEntries([...all].toSorted().map((name) => [name, refusal(name.split(".").filter(isErrorCode))]));
}

/** One response for codes of one status. */
export function refusal(codes: readonly ErrorCode[]) {
  const statuses = codes.map((code) => errorCodes[code].status);
  const only = { type: "object" as const, properties: { status: { enum: statuses }, code: { enum: [...codes] } } };
  return {
    description: codes.map((code) => `\`${code}\`: ${errorCodes[code].detail}`).join("\n\n"),
    headers: headersNamed([...everywhere, ...limited, ...headersOf(codes)]),
    content: {
      "application/problem+json": {
        schema: { allOf: [{ $ref: "#/components/schemas/Problem" }, only] },
        examples: Object.fromEntries(
          codes.map((code) => [code, { summary: errorCodes[code].error, value: example(code) }]),
        ),
      },
    },
  };
}

function* headersOf(codes: readonly ErrorCode[]): Generator<HeaderName> {
  const statuses = new Set<number>(codes.map((code) => errorCodes[code].status));
  if (statuses.has(401)) yield "www-authenticate";
  if (statuses.has(405)) yield "allow";
  if (statuses.has(429) || statuses.has(503)) yield "retry-after";
}

function example(code: ErrorCode) {
  const { status, error, detail } = errorCodes[code];
  const errors = [{ in: "query", pointer: "/limit", detail: "must be a whole number in decimal digits" }];
  return {
    type: `/problems/${code}`,
    title: error,
    status,
    detail,
    instance: "/api/v1/users/profile",
    code,
    error,
    request_id: "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    ...(code === "validation_failed" && { errors }),
  };
}
