import {
  type AssetsBinding,
  type DatabaseBinding,
  isPlaceholder,
  KeyRing,
  type QueueBinding,
  type ServiceBinding,
  type SpanSink,
  shortestSecret,
} from "@trivet/platform";
import type { RedisBinding } from "@trivet/platform/redis";
import { parseHeaders } from "@trivet/platform/spans";
import { z } from "zod";
import "./input/words.ts";

export const isBinding = (value: unknown): value is ServiceBinding =>
  typeof value === "object" && value !== null && "fetch" in value && typeof value.fetch === "function";

/** A `[[services]]` entry. */
export const serviceBinding = z.custom<ServiceBinding>(isBinding, { error: "expected a [[services]] binding" });

/** An `[assets]` entry. */
export const assetsBinding = z.custom<AssetsBinding>(isBinding, { error: "expected an [assets] binding" });

/** A `[[hyperdrive]]` entry. */
export const databaseBinding = z.custom<DatabaseBinding>(
  (value) => typeof value === "object" && value !== null && "connectionString" in value,
  { error: "expected a [[hyperdrive]] binding" },
);

/** A `[[queues.producers]]` entry. */
export const queueBinding = z.custom<QueueBinding>(
  (value) => typeof value === "object" && value !== null && "sendBatch" in value,
  { error: "expected a [[queues.producers]] binding" },
);

/** A secret of at least 32 characters that nobody left at its placeholder. */
export const secret = z
  .string()
  .min(shortestSecret, {
    error: `must be at least ${shortestSecret} characters; make one with \`openssl rand -base64 32\``,
  })
  .refine((value) => !isPlaceholder(value), { error: "is a placeholder; make one with `openssl rand -base64 32`" });

/** `<SERVICE>_KEY`: the keys under which a service is spoken to, in its own `env` and in that of whoever calls it encrypted. */
export const encryptionKeys = z.string().transform((text, context) => {
  const ring = KeyRing.parse(text);
  if (ring) return ring;
  context.addIssue({
    code: "custom",
    message: "must be keys of 32 random bytes in base64, separated by commas; make one with `openssl rand -base64 32`",
  });
  return z.NEVER;
});

/**
 * Marks a variable as a secret that the service can do without. It stands in no `[vars]`, where wrangler shows and
 * deploys what it finds in the clear; host and deployment learn its name from here.
 */
export const asOptionalSecret = <Schema extends z.ZodType>(schema: Schema): Schema => schema.meta({ secret: true });

/** One that is empty where nobody has set it. */
export const optionalSecret = asOptionalSecret(z.string().default(""));

/** The names of the variables that are marked. */
export function optionalSecretsOf(schema: z.ZodType): string[] {
  if (!(schema instanceof z.ZodObject)) return [];
  const fields: [string, unknown][] = Object.entries(schema.shape);
  return fields.flatMap(([name, field]) => (field instanceof z.ZodType && field.meta()?.secret === true ? [name] : []));
}

/** What a service that uses Redis extends its `env` by. */
export const redisEnv = {
  /** From a host; Cloudflare has no such binding. */
  REDIS: z
    .custom<RedisBinding>((value) => typeof value === "object" && value !== null && "execute" in value, {
      error: "expected a Redis binding",
    })
    .optional(),
  UPSTASH_REDIS_REST_URL: z.union([z.literal(""), z.url({ protocol: /^https?$/ })]).default(""),
  UPSTASH_REDIS_REST_TOKEN: optionalSecret,
};

/** What a service extends its `env` by that reports its requests to analytics: nothing is reported where either is missing. */
export const reportingEnv = {
  ANALYTICS: serviceBinding.optional(),
  ANALYTICS_KEY: asOptionalSecret(encryptionKeys.optional()),
};

const notAnAddress = ({ code }: { code: string }): string | undefined =>
  // What is missing is told apart from what is wrong.
  code === "invalid_type" ? undefined : "must be an absolute http(s) URL such as https://api.example.com";

/** What every service finds in its `env`. A service extends it by its own variables and bindings. */
export const serviceEnv = z.object({
  TRIVET_ENV: z.enum(["development", "production"]).default("development"),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warning", "error", "fatal"]).default("info"),
  /** The address under which the public reaches the router; also the issuer of access tokens. */
  PUBLIC_URL: z.url({ protocol: /^https?$/, error: notAnAddress }).transform((url) => url.replace(/\/$/, "")),
  /** Signs the tokens by which services know each other; the same for all of them. */
  SERVICE_JWT_SECRET: secret,
  /** What a collector of metrics sends as bearer token. Without one they are open in development and closed in production. */
  METRICS_TOKEN: optionalSecret,
  /** Who takes the spans of this process, from a host. On Cloudflare a service sends its own to the collector. */
  SPANS: z.custom<SpanSink>((value) => typeof value === "object" && value !== null && "take" in value).optional(),
  /** A collector often takes what anybody sends it: its address is not for everybody. */
  OTEL_EXPORTER_OTLP_ENDPOINT: asOptionalSecret(
    z
      .union([z.literal(""), z.url({ protocol: /^https?$/ })], { error: "must be a URL such as http://localhost:4318" })
      .default(""),
  ),
  OTEL_EXPORTER_OTLP_HEADERS: asOptionalSecret(
    z
      .string()
      .default("")
      .refine((given) => parseHeaders(given) !== undefined, {
        error: "must be a list such as authorization=Bearer%20abc,x-team=7",
      }),
  ),
  /** Of the traces that begin here, the part that is told of. */
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(?:0|1|[01]?\.\d+)$/, { error: "must be a number from 0 to 1" })
    .default("1")
    .transform((part) => Math.min(1, Number(part))),
  ASSETS: assetsBinding.optional(),
  AUTH: serviceBinding.optional(),
});

export type ServiceEnv = z.output<typeof serviceEnv>;

/** One sentence for each variable that is missing or malformed; empty when all is well. */
export function envFaults(schema: z.ZodType, env: unknown): string[] {
  const parsed = schema.safeParse(env);
  if (parsed.success) return [];
  return parsed.error.issues.flatMap(faultsOf);
}

function faultsOf(issue: z.core.$ZodIssue): string[] {
  const { path, message } = issue;
  if (issue.code !== "unrecognized_keys") return [`${path.join(".")} ${message}`];
  return issue.keys.map((key) => `${[...path, key].join(".")} is not a known field`);
}
