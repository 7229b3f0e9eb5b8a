import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { isPlaceholder, readVariable, shortestSecret, type VariableLayer } from "@trivet/platform";
import type { AllEnvRules } from "./env-rules.ts";
import type { Manifest } from "./manifests.ts";

/** What a deployment needs to know beyond the files: see `settingsFrom`. */
export interface Settings {
  /** Values by Worker name, then by variable. */
  vars: Record<string, Record<string, string>>;
  /** Those of a Worker's secrets that the environment holds; what it needs beside them must already be on Cloudflare. */
  secrets: Record<string, Record<string, string>>;
  /** Hyperdrive ids by Worker name, then by binding. */
  hyperdrive: Record<string, Record<string, string>>;
}

/** What the deployment was not told, or told wrongly: a sentence a line, which no stack explains. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

type Read = (name: string) => string | undefined;

const placeholderId = /^0*$/;

/**
 * Reads the settings of a deployment from environment variables, each `NAME` or `NAME_FILE`, whose path is relative to the
 * root as for the host. `.env` is passed over: it is about this machine, and what suits a laptop would go into production
 * unseen.
 *
 * - `DATABASE_URL`: where the migrations run.
 * - every name of a manifest's `[vars]`; TRIVET_ENV may be nothing but `production`, PUBLIC_URL must be given.
 * - every secret; one that is not given, or empty, stays as it is on Cloudflare. What is given has to be what the Worker's
 *   own code takes, which would else refuse every request.
 * - `HYPERDRIVE_ID_<SERVICE>`, where the manifest has a placeholder.
 *
 * Throws `SettingsError` that lists everything missing or at fault, and repeats the value of no secret.
 */
export function settingsFrom(
  root: string,
  environment: VariableLayer,
  manifests: readonly Manifest[],
  rules: AllEnvRules,
): Settings {
  const faults = new Set<string>();
  const readFile = (path: string): string => readFileSync(resolve(root, path), "utf8");
  const read: Read = (name) => {
    const given = readVariable(environment, name, "the environment", readFile);
    if (given?.fault !== undefined) faults.add(`${given.fault}.`);
    return given?.value;
  };
  const settings: Settings = { vars: {}, secrets: {}, hyperdrive: {} };
  if (!read("DATABASE_URL") && needsDatabase(manifests))
    faults.add("DATABASE_URL is not set: the migrations run there before the deployment.");
  if (!read("PUBLIC_URL")?.startsWith("https://")) {
    faults.add("PUBLIC_URL is not set to the https:// address under which the router will answer.");
  }
  if ((read("TRIVET_ENV") || "production") !== "production") {
    faults.add(
      "TRIVET_ENV is not production: what is deployed is open to everybody, and a development system shows them every mail. Take it out of the environment.",
    );
  }
  for (const manifest of manifests) {
    const { name, vars, secrets } = manifest.config;
    const own = rules.get(name);
    const values = varsOf(read, vars);
    const given = secretsOf(read, own?.secrets ?? []);
    settings.vars[name] = values;
    settings.secrets[name] = given;
    const weak = secrets.required.filter((secret) => isWeak(given[secret]));
    for (const secret of weak) faults.add(weakness(secret));
    for (const fault of own?.check({ ...values, ...given }) ?? []) {
      const variable = fault.slice(0, fault.indexOf(" "));
      // Bindings, and secrets that are on Cloudflare, are missing here, which is no fault.
      const isGiven = Object.hasOwn(values, variable) || Object.hasOwn(given, variable);
      if (isGiven && !weak.includes(variable)) faults.add(`${fault}.`);
    }
    settings.hyperdrive[name] = hyperdriveOf(read, manifest, faults);
  }
  if (faults.size > 0) throw new SettingsError([...faults].join("\n"));
  return settings;
}

/** Whether any Worker is bound to a database. */
export const needsDatabase = (manifests: readonly Manifest[]): boolean =>
  manifests.some(({ config }) => config.hyperdrive.length > 0);

const isWeak = (value: string | undefined): boolean =>
  value !== undefined && (value.length < shortestSecret || isPlaceholder(value));

const weakness = (name: string): string =>
  `${name} is no secret: set it to 32 random bytes in base64, such as \`openssl rand -base64 32\` prints.`;

function varsOf(read: Read, defaults: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(defaults).map(([name, fallback]) => [
      name,
      name === "TRIVET_ENV" ? "production" : (read(name) ?? fallback),
    ]),
  );
}

function secretsOf(read: Read, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = read(name);
      // An empty string is what compose files and CI systems pass for a variable that is not set.
      return value ? [[name, value]] : [];
    }),
  );
}

function hyperdriveOf(read: Read, manifest: Manifest, faults: Set<string>): Record<string, string> {
  const variable = `HYPERDRIVE_ID_${manifest.service.toUpperCase().replaceAll("-", "_")}`;
  return Object.fromEntries(
    manifest.config.hyperdrive.map(({ binding, id }) => {
      const given = read(variable) ?? id;
      if (placeholderId.test(given)) faults.add(hyperdriveFault(manifest, variable));
      return [binding, given];
    }),
  );
}

const hyperdriveFault = ({ service, config: { name } }: Manifest, variable: string): string =>
  `${variable} is not set: run \`wrangler hyperdrive create ${name} --caching-disabled --connection-string ` +
  `<the URL of the ${service} role>\` and give the id that it prints.`;
