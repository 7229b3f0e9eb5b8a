import { endToEnd } from "@trivet/platform";
import { z } from "zod";
import { forwards } from "../headers.ts";

/** What of a rule's value stands for something of the request. */
export const placeholders = ["client_ip", "request_id", "user_id"] as const;

export type Placeholder = (typeof placeholders)[number];

const token = /^[!#$%&'*+.^_`|~\w-]+$/;
/** RFC 9110, 5.5, without what is not ASCII: visible characters, blanks and tabs between them, and nothing that ends a line. */
const fieldValue = /^[!-~](?:[\t -~]*[!-~])?$/;

/** Who somebody is, how long a message is and what is in it, and what the router itself keeps to. */
const ownOfRequests =
  /^(?:authorization|cookie|content-.*|expect|if-.*|range|traceparent|tracestate|upgrade|x-request-id)$/;
const ownOfAnswers =
  /^(?:access-control-.*|age|cache-status|content-(?:encoding|length|range|type)|date|etag|ratelimit-.*|set-cookie|strict-transport-security|upgrade|x-content-type-options|x-frame-options|x-request-id)$/;

const isForwarded = forwards(null);
const isEndToEnd = endToEnd(null);

/** Why a rule may not touch a header; undefined where it may. */
function reasonAgainst(name: string, on: "request" | "response"): string | undefined {
  if (!token.test(name)) return "is no name of a header";
  const lower = name.toLowerCase();
  const isOpen =
    on === "request"
      ? isForwarded(lower) && !ownOfRequests.test(lower)
      : isEndToEnd(lower) && !ownOfAnswers.test(lower);
  return isOpen
    ? undefined
    : "is a header that rules may not touch: it says who asks, frames the message, or is the router's own";
}

const values = z
  .record(
    z.string(),
    z
      .string()
      .max(1_024)
      .regex(fieldValue, { error: "must be visible ASCII characters with blanks between them" })
      .refine((value) => [...value.matchAll(/\{([^{}]*)\}/g)].every(([, name]) => isPlaceholder(name)), {
        error: `may hold ${placeholders.map((name) => `{${name}}`).join(", ")} and nothing else in braces`,
      }),
  )
  .default({});

const isPlaceholder = (name: string | undefined): boolean => placeholders.some((known) => known === name);

const rule = z
  .strictObject({
    on: z.enum(["request", "response"], { error: 'must be "request" or "response"' }),
    service: z.string().optional(),
    path: z.string().startsWith("/", { error: "must begin with /" }).optional(),
    class: z
      .enum(["reads", "writes", "credentials"], { error: 'must be "reads", "writes" or "credentials"' })
      .optional(),
    set: values,
    append: values,
    remove: z.array(z.string()).default([]),
  })
  .superRefine(({ on, set, append, remove }, context) => {
    const named = [
      ...Object.keys(set).map((name) => ["set", name] as const),
      ...Object.keys(append).map((name) => ["append", name] as const),
      ...remove.map((name) => ["remove", name] as const),
    ];
    if (named.length === 0) context.addIssue({ code: "custom", message: "must set, append or remove something" });
    for (const [what, name] of named) {
      const reason = reasonAgainst(name, on);
      if (reason) context.addIssue({ code: "custom", path: [what, name], message: reason });
    }
  });

export type HeaderRule = z.output<typeof rule>;

const notJson = "must be a JSON list of rules";

/** `HEADER_RULES`: JSON text, because it may come from the environment; a table of wrangler.toml is taken as well. */
export const headerRules = z
  .union([z.string(), z.array(z.unknown())], { error: notJson })
  .default("[]")
  .transform((given, context) => {
    if (typeof given !== "string") return given;
    try {
      return JSON.parse(given === "" ? "[]" : given);
    } catch {
      context.addIssue({ code: "custom", message: notJson });
      return z.NEVER;
    }
  })
  .pipe(z.array(rule, { error: notJson }));
