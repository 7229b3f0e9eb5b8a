import type { RouteContract } from "../contract.ts";

/** Visible ASCII. */
export const keyForm = "^[!-~]{1,255}$";

/** The header as the documents describe it (draft-ietf-httpapi-idempotency-key-header-07). */
export const keyParameter = (kind: NonNullable<RouteContract["idempotencyKey"]>) => ({
  name: "Idempotency-Key",
  in: "header" as const,
  required: kind === "required",
  description: [
    "Makes the request safe to send again: one with the same key and content has no second effect and gets the first answer,",
    "for 24 hours. A key is its caller's own and names one request; make a new one, such as a UUID, for each.",
    "The same key with other content gets 422, and 409 while the first request is being answered.",
    "What was refused (4xx) has changed nothing and uses up no key; what failed (5xx) may be sent again with it.",
  ].join(" "),
  schema: { type: "string" as const, minLength: 1, maxLength: 255, pattern: keyForm },
  example: "0192b1c8-54a3-7d3e-9c44-3f6e1a2b7c5d",
});
