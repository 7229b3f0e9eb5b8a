import { encryptionKeys, redisEnv, reportingEnv, serviceEnv } from "@trivet/http";
import type { ServiceBinding } from "@trivet/platform";
import { z } from "zod";
import { headerRules } from "./header-rules/schema.ts";

const wholeNumber = { error: "must be a whole number of at least 1" };
const count = z.coerce.number(wholeNumber).int(wholeNumber).positive(wholeNumber);

const wholeBytes = { error: "must be a whole number of bytes, 0 for none" };
const bytes = z.coerce.number(wholeBytes).int(wholeBytes).nonnegative(wholeBytes);

/** As browsers send it: a slash at its end, and no page is ever let in. */
const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text;

/** Other names in `env` are kept: every `[[services]]` binding is a service to route to. */
export const env = serviceEnv
  .extend({
    /** Origins that may call from a browser, separated by commas; `*` only in development. */
    CORS_ORIGINS: z
      .string()
      .default("")
      .transform((list) =>
        list
          .split(",")
          .map((origin) => origin.trim())
          .filter(Boolean),
      )
      .refine((origins) => origins.every((origin) => origin === "*" || isOrigin(origin)), {
        error: "must list origins such as https://app.example.com, without a path or a slash at the end",
      }),
    ...redisEnv,
    ...reportingEnv,
    /** API keys go to auth encrypted, and the tokens they stand for come back so. */
    AUTH_KEY: encryptionKeys,
    /** Requests a minute of one user. */
    RATE_LIMIT_USER: count.default(600),
    /** Requests a minute of one address without a user. */
    RATE_LIMIT_ADDRESS: count.default(300),
    /** Tries in five minutes of one address at what takes a password, a code or a token. */
    RATE_LIMIT_CREDENTIALS: count.default(30),
    /** Milliseconds a service has until its answer begins. */
    REQUEST_TIMEOUT_MS: count.max(30_000, { error: "must be at most 30000" }).default(10_000),
    /** Bytes a request body may have. */
    MAX_BODY_BYTES: count.default(100 * 1024 * 1024),
    /** Bytes that answers which services call public may take in memory; 0 keeps none. */
    CACHE_BYTES: bytes.default(16 * 1024 * 1024),
    /** Headers that requests and answers get, lose or change on their way. */
    HEADER_RULES: headerRules,
  })
  .loose()
  .refine((value) => value.TRIVET_ENV !== "production" || !value.CORS_ORIGINS.includes("*"), {
    path: ["CORS_ORIGINS"],
    error: "must list origins in production; `*` would let every site act for a signed-in user",
  });

export type Env = z.output<typeof env>;

/** The services this router leads to, by the first segment of their paths: binding USERS is `users`. */
export function servicesOf(bindings: Env): Map<string, ServiceBinding> {
  const services = new Map<string, ServiceBinding>();
  for (const [name, value] of Object.entries(bindings)) {
    if (name !== "ASSETS" && isService(value)) services.set(name.toLowerCase().replaceAll("_", "-"), value);
  }
  return services;
}

const isService = (value: unknown): value is ServiceBinding =>
  typeof value === "object" && value !== null && "fetch" in value && typeof value.fetch === "function";
