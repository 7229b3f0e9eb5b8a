import {
  asOptionalSecret,
  databaseBinding,
  encryptionKeys,
  optionalSecret,
  queueBinding,
  secret,
  serviceEnv,
} from "@trivet/http";
import { passwordCost } from "@trivet/platform";
import { z } from "zod";
import { providerSetting } from "./oauth/provider-setting.ts";

const list = z.string().transform((text) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter(Boolean),
);

const providerList = z.string().transform((text, context) => {
  try {
    const parsed = z.array(providerSetting).safeParse(JSON.parse(text === "" ? "[]" : text));
    if (parsed.success) return parsed.data;
    context.addIssue({ code: "custom", message: `is malformed: ${z.prettifyError(parsed.error)}` });
  } catch {
    context.addIssue({ code: "custom", message: "must be a JSON array of providers" });
  }
  return z.NEVER;
});

const settings = serviceEnv.extend({
  DB: databaseBinding,
  /** Where events go. */
  EVENTS_QUEUE: queueBinding,
  /** Everything auth encrypts or derives hangs on it: signing keys at rest, refresh tokens, TOTP secrets. */
  AUTH_SECRET: secret,
  AUTH_KEY: encryptionKeys,
  /** Who becomes an administrator by `proveAddress`, separated by commas. */
  ADMIN_EMAILS: list
    .default([])
    .transform((emails) => emails.map((email) => email.toLowerCase()))
    .refine((emails) => emails.every((email) => z.email().safeParse(email).success), {
      error: "must list email addresses, separated by commas",
    }),
  /** OAuth and OpenID Connect providers beside Google and GitHub, as JSON with their secrets; see `oauth/provider-setting.ts`. */
  OAUTH_PROVIDERS: asOptionalSecret(providerList.default([])),
  /** Where `return_to` of an OAuth login may lead: URL prefixes that end in a slash, separated by commas. */
  OAUTH_RETURN_URLS: list.default([]).refine((urls) => urls.every((url) => URL.canParse(url) && url.endsWith("/")), {
    error: "must list absolute URLs that end in a slash, such as https://app.example.com/after-login/",
  }),
  GOOGLE_CLIENT_ID: z.string().default(""),
  GOOGLE_CLIENT_SECRET: optionalSecret,
  GITHUB_CLIENT_ID: z.string().default(""),
  GITHUB_CLIENT_SECRET: optionalSecret,
  /** Tries to log in that one address has in five minutes. */
  LOGIN_TRIES_PER_ADDRESS: z.coerce.number().int().min(1).max(10_000).default(30),
  /** log2 of scrypt's iterations. Each step up doubles the time and the memory that a login takes. */
  PASSWORD_COST: z.coerce.number().int().min(1).max(17).default(passwordCost.ln),
});

export const env = settings.refine(
  ({ TRIVET_ENV, PASSWORD_COST }) => TRIVET_ENV !== "production" || PASSWORD_COST >= passwordCost.ln,
  { path: ["PASSWORD_COST"], error: `must be at least ${passwordCost.ln} in production: less is soon guessed` },
);

export type Env = z.output<typeof env>;
