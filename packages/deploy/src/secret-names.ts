import { pathToFileURL } from "node:url";
import { optionalSecrets, type WorkerModule } from "@trivet/platform";
import { entryOf, type Manifest } from "./manifests.ts";

/** By Worker name: its secrets, those that it needs and those that it can do without. */
export type SecretNames = ReadonlyMap<string, readonly string[]>;

/**
 * The manifest requires what a Worker needs; what it can do without its own code names, so that code is loaded.
 * Throws one error that lists every secret in a `[vars]`, where it would be shown and deployed in the clear.
 */
export async function secretNamesOf(manifests: readonly Manifest[]): Promise<SecretNames> {
  const names = new Map<string, string[]>();
  const faults: string[] = [];
  for (const manifest of manifests) {
    const { name, vars, secrets } = manifest.config;
    const all = [...secrets.required, ...(await optionalSecretsOf(manifest))];
    names.set(name, all);
    for (const secret of all) {
      if (Object.hasOwn(vars, secret)) faults.push(`${name}: [vars] holds ${secret}, which is a secret; take it out.`);
    }
  }
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return names;
}

async function optionalSecretsOf(manifest: Manifest): Promise<readonly string[]> {
  const loaded: { default?: Partial<WorkerModule> } = await import(pathToFileURL(entryOf(manifest)).href);
  return loaded.default?.[optionalSecrets] ?? [];
}
