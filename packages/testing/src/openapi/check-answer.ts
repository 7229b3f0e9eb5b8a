import { errorCodes, isErrorCode } from "@trivet/platform";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { z } from "zod";
import type { Answer } from "../client.ts";
import { type Document, type Operation, pointerTo } from "./operations.ts";

/** Says what is wrong with an answer to an operation; nothing when it keeps the contract. */
export type CheckAnswer = (operation: Operation, answer: Answer) => string[];

/** Holds answers against the statuses, media types and schemas of an OpenAPI document. */
export function answerChecker(document: Document): CheckAnswer {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(document, "openapi");
  const compiled = new Map<string, ValidateFunction>();

  const validatorOf = (pointer: string): ValidateFunction => {
    const known = compiled.get(pointer);
    if (known) return known;
    const validate = ajv.compile({ $ref: `openapi#${pointer}` });
    compiled.set(pointer, validate);
    return validate;
  };

  return (operation, answer) => {
    const { status, headers, body, text } = answer;
    if (status >= 500) return [`${status}: ${text.slice(0, 300)}`];
    const documented = operation.responses[status];
    if (!documented) return [`${status} is not documented: ${text.slice(0, 300)}`];
    const faults = status >= 400 ? problemFaults(answer) : [];
    if (documented.types.length === 0) return text === "" ? faults : [...faults, `${status} should have no body`];
    const type = headers.get("content-type")?.split(";")[0] ?? "";
    if (!documented.types.includes(type)) return [...faults, `${status} has the undocumented media type ${type}`];
    if (!type.endsWith("json")) return faults;
    const validate = validatorOf(documented.pointer + pointerTo(["content", type, "schema"]));
    if (validate(body)) return faults;
    return [
      ...faults,
      `${status} does not match its schema: ${ajv.errorsText(validate.errors)}: ${text.slice(0, 300)}`,
    ];
  };
}

const problem = z.strictObject({
  type: z.string().startsWith("/problems/"),
  title: z.string().min(1),
  status: z.int(),
  detail: z.string().min(1),
  instance: z.string().startsWith("/"),
  code: z.string(),
  error: z.string().min(1),
  request_id: z.string().min(1),
  errors: z
    .array(z.strictObject({ in: z.enum(["body", "query", "path", "header"]), pointer: z.string(), detail: z.string() }))
    .optional(),
});

/** What is wrong with a refusal as RFC 9457 problem details. */
export function problemFaults({ status, headers, body, text }: Answer): string[] {
  const type = headers.get("content-type");
  if (type !== "application/problem+json") return [`${status} has the media type ${type}: ${text.slice(0, 300)}`];
  const parsed = problem.safeParse(body);
  if (!parsed.success) return [`${status} is no problem document: ${z.prettifyError(parsed.error)}`];
  const { data } = parsed;
  const faults: string[] = [];
  if (data.status !== status) faults.push(`the problem says ${data.status}, the status line ${status}`);
  if (!isErrorCode(data.code)) faults.push(`${data.code} is not in the table of codes`);
  else if (errorCodes[data.code].status !== status) faults.push(`${data.code} was answered with ${status}`);
  if (data.request_id !== headers.get("x-request-id")) faults.push("the problem's request_id is not the header's");
  return faults;
}
