import { readFileSync } from "node:fs";
import type { Manifest } from "./manifests.ts";

/** What a deployment needs to know beyond the files: see `settingsFrom`. */
export interface Settings {
  databaseUrl: string;
  /** Values by Worker name, then by variable. */
  vars: Record<string, Record<string, string>>;
  /** Those of the required secrets that the environment holds; the others must already be on Cloudflare. */
  secrets: Record<string, Record<string, string>>;
  /** Hyperdrive ids by Worker name, then by binding. */
  hyperdrive: Record<string, Record<string, string>>;
}

type Environment = Record<string, string | undefined>;

const placeholderId = /^0*$/;

/**
 * Reads the settings of a deployment from environment variables:
 *
 * - `DATABASE_URL`: where the migrations run.
 * - every name of a manifest's `[vars]`; TRIVET_ENV is `production` unless given, PUBLIC_URL must be given.
 * - every name of `[secrets] required`, or its `_FILE`; what is not given stays as it is on Cloudflare.
 * - `UPSTASH_REDIS_REST_TOKEN`, a secret of the services that name `UPSTASH_REDIS_REST_URL`.
 * - `HYPERDRIVE_ID_<SERVICE>`, where the manifest has a placeholder.
 *
 * Throws one error that lists everything missing.
 */
export function settingsFrom(environment: Environment, manifests: readonly Manifest[]): Settings {
  const faults: string[] = [];
  const settings: Settings = { databaseUrl: environment.DATABASE_URL ?? "", vars: {}, secrets: {}, hyperdrive: {} };
  if (settings.databaseUrl === "" && needsDatabase(manifests))
    faults.push("DATABASE_URL is not set: the migrations run there before the deployment.");
  if (!environment.PUBLIC_URL?.startsWith("https://")) {
    faults.push("PUBLIC_URL is not set to the https:// address under which the router will answer.");
  }
  for (const manifest of manifests) {
    const { name, vars, secrets } = manifest.config;
    settings.vars[name] = varsOf(environment, vars);
    settings.secrets[name] = secretsOf(environment, [...secrets.required, ...optionalSecrets(vars)]);
    settings.hyperdrive[name] = hyperdriveOf(environment, manifest, faults);
  }
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return settings;
}

/** Whether any Worker is bound to a database. */
export const needsDatabase = (manifests: readonly Manifest[]): boolean =>
  manifests.some(({ config }) => config.hyperdrive.length > 0);

/** Secrets that no manifest requires, since a system may do without what they open. */
const optionalSecrets = (vars: Record<string, string>): string[] =>
  Object.hasOwn(vars, "UPSTASH_REDIS_REST_URL") ? ["UPSTASH_REDIS_REST_TOKEN"] : [];

function varsOf(environment: Environment, defaults: Record<string, string>): Record<string, string> {
  const given: Environment = { TRIVET_ENV: "production", ...environment };
  return Object.fromEntries(Object.entries(defaults).map(([name, fallback]) => [name, given[name] ?? fallback]));
}

function secretsOf(environment: Environment, required: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    required.flatMap((name) => {
      const file = environment[`${name}_FILE`];
      const value = environment[name] ?? (file === undefined ? undefined : readFileSync(file, "utf8").trim());
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function hyperdriveOf(environment: Environment, manifest: Manifest, faults: string[]): Record<string, string> {
  const variable = `HYPERDRIVE_ID_${manifest.service.toUpperCase().replaceAll("-", "_")}`;
  return Object.fromEntries(
    manifest.config.hyperdrive.map(({ binding, id }) => {
      const given = environment[variable] ?? id;
      if (placeholderId.test(given)) faults.push(hyperdriveFault(manifest, variable));
      return [binding, given];
    }),
  );
}

const hyperdriveFault = ({ service, config: { name } }: Manifest, variable: string): string =>
  `${variable} is not set: run \`wrangler hyperdrive create ${name} --caching-disabled --connection-string ` +
  `<the URL of the ${service} role>\` and give the id that it prints.`;
