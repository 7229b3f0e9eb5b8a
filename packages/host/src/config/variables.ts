import { isPlaceholder, shortestSecret } from "@trivet/platform";
import { ConfigurationError } from "../configuration-error.ts";
import type { Manifest } from "../manifest/index.ts";
import type { VarValue } from "../manifest/schema.ts";
import { developmentSecrets } from "./development-secrets.ts";
import { type Environment, readEnvironment } from "./environment.ts";
import { publicUrl, publicUrlFault, readPublicUrl } from "./public-url.ts";
import type { Source } from "./source.ts";

/** What each service may know, and nothing beside: the names in its own `[vars]` and `[secrets]`. */
export interface Variables {
  environment: Environment;
  of: ReadonlyMap<string, Readonly<Record<string, VarValue>>>;
  /** What one of these services requires, set or made in development: others may be able to do without it. */
  secrets: ReadonlyMap<string, string>;
  /** Sentences on everything at fault, keyed by the variable's name. */
  faults: ReadonlyMap<string, string>;
}

/**
 * Resolves the variables of the services that run here; a secret of a service that does not is nobody's
 * business. `port` is where the router will listen, as far as that is not its [dev] port.
 */
export async function readVariables(
  root: string,
  source: Source,
  manifests: readonly Manifest[],
  port?: number,
): Promise<Variables> {
  const faults = new Map<string, string>();
  const { environment, faults: environmentFaults } = readEnvironment(source, manifests);
  for (const fault of environmentFaults) faults.set("TRIVET_ENV", fault);
  const secrets = await readSecrets(root, source, manifests, environment, faults);
  const of = new Map(
    manifests.map((manifest) => {
      const values: Record<string, VarValue> = {};
      for (const [name, preset] of Object.entries(manifest.vars)) values[name] = readVar(source, name, preset, faults);
      const address = manifest.vars[publicUrl];
      if (address !== undefined) {
        const value = readPublicUrl(source, address, manifests, port);
        const fault = publicUrlFault(source, environment, value);
        values[publicUrl] = value;
        if (fault !== undefined) faults.set(publicUrl, fault);
      }
      if (Object.hasOwn(values, "TRIVET_ENV")) values.TRIVET_ENV = environment;
      for (const name of manifest.secrets) {
        const secret = secrets.get(name);
        if (secret !== undefined) values[name] = secret;
      }
      return [manifest.service, values];
    }),
  );
  for (const [name, fault] of source.faults) faults.set(name, fault);
  return { environment, of, secrets, faults };
}

/** The environment can only say strings; where the default is something else, what it says is read as JSON. */
function readVar(source: Source, name: string, preset: VarValue, faults: Map<string, string>): VarValue {
  const given = source.read(name);
  if (given === undefined) return preset;
  if (typeof preset === "string") return given;
  try {
    const value: VarValue = JSON.parse(given);
    if (kindOf(value) === kindOf(preset)) return value;
  } catch {
    // Told below: text that is not JSON is not of the default's kind either.
  }
  faults.set(name, `${name} must be JSON of the kind of its default in [vars], ${kindOf(preset)}`);
  return preset;
}

function kindOf(value: VarValue): string {
  if (Array.isArray(value)) return "an array";
  return value === null ? "null" : `a ${typeof value}`;
}

async function readSecrets(
  root: string,
  source: Source,
  manifests: readonly Manifest[],
  environment: Environment,
  faults: Map<string, string>,
): Promise<Map<string, string>> {
  const secrets = new Map<string, string>();
  const names = [...new Set(manifests.flatMap((manifest) => manifest.secrets))];
  for (const name of names) {
    const value = source.read(name);
    // An empty string is what compose files and CI systems pass for a variable that is not set.
    if (value !== undefined && value !== "") secrets.set(name, value);
  }
  const missing = names.filter((name) => !secrets.has(name) && !source.faults.has(name));
  refuseSecrets(secrets, missing, manifests, environment, faults);
  if (environment !== "production" && missing.length > 0) {
    const made = await developmentSecrets(root, missing).catch(configurationError);
    for (const name of missing) {
      if (made instanceof ConfigurationError) faults.set(name, made.faults.join("\n"));
      else if (made[name] !== undefined) secrets.set(name, made[name]);
    }
  }
  return secrets;
}

/** Told with what else is wrong; anything else is not about the configuration. */
function configurationError(error: unknown): ConfigurationError {
  if (error instanceof ConfigurationError) return error;
  throw error;
}

/** A secret that somebody set is held to the same everywhere; only in production has somebody to set it. */
function refuseSecrets(
  secrets: ReadonlyMap<string, string>,
  missing: readonly string[],
  manifests: readonly Manifest[],
  environment: Environment,
  faults: Map<string, string>,
): void {
  const refuse = (name: string, what: string): void => {
    const users = manifests.filter((manifest) => manifest.secrets.includes(name)).map(({ service }) => service);
    // Some secrets are keys, of which no other length will do; what is one serves for the others, too.
    const advice = `set ${name} or ${name}_FILE to 32 random bytes in base64, such as \`openssl rand -base64 32\` prints`;
    faults.set(name, `${name} ${what} (a secret of ${users.join(", ")}): ${advice}`);
  };
  if (environment === "production") for (const name of missing) refuse(name, "is missing");
  for (const [name, value] of secrets) {
    if (value.length < shortestSecret) refuse(name, "is too short to be a secret");
    else if (isPlaceholder(value)) refuse(name, "still holds a placeholder");
  }
}
