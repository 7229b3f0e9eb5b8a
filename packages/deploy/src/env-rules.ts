import { pathToFileURL } from "node:url";
import { checkEnv, optionalSecrets, type WorkerModule } from "@trivet/platform";
import { entryOf, type Manifest } from "./manifests.ts";

/** What the code of a Worker says of its `env`. */
export interface EnvRules {
  /** The names of its secrets, those that it needs and those that it can do without. */
  secrets: readonly string[];
  /** A sentence for each value that it would refuse, and for each that is missing, beginning with its name. */
  check(env: Readonly<Record<string, string>>): readonly string[];
}

/** By Worker name. */
export type AllEnvRules = ReadonlyMap<string, EnvRules>;

/**
 * The manifest requires what a Worker needs; what it can do without, and of what form all is, its own code says, so that
 * code is loaded. Throws one error that lists every secret in a `[vars]`, where it would be shown and deployed in the clear.
 */
export async function readEnvRules(manifests: readonly Manifest[]): Promise<AllEnvRules> {
  const rules = new Map<string, EnvRules>();
  const faults: string[] = [];
  for (const manifest of manifests) {
    const { name, vars, secrets } = manifest.config;
    const worker = await loadWorker(manifest);
    const all = [...secrets.required, ...(worker[optionalSecrets] ?? [])];
    rules.set(name, { secrets: all, check: (env) => worker[checkEnv]?.(env) ?? [] });
    for (const secret of all) {
      if (Object.hasOwn(vars, secret)) faults.push(`${name}: [vars] holds ${secret}, which is a secret; take it out.`);
    }
  }
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return rules;
}

async function loadWorker(manifest: Manifest): Promise<Partial<WorkerModule<unknown>>> {
  const loaded: { default?: Partial<WorkerModule<unknown>> } = await import(pathToFileURL(entryOf(manifest)).href);
  return loaded.default ?? {};
}
