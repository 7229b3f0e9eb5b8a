import { optionalSecrets, type WorkerModule } from "@trivet/platform";
import type { Manifest } from "../manifest/index.ts";
import type { Source } from "./source.ts";
import type { Variables } from "./variables.ts";

/**
 * Of the secrets that a Worker can do without, those that somebody has set, or that were made because another service
 * requires them. They have no default, so no manifest names them; one in `[vars]` is a fault, since wrangler shows and
 * deploys what it finds there.
 */
export function readOptionalSecrets(
  source: Source,
  { file, vars }: Pick<Manifest, "file" | "vars">,
  worker: WorkerModule<unknown>,
  { secrets }: Pick<Variables, "secrets">,
): { values: Record<string, string>; faults: string[] } {
  const values: Record<string, string> = {};
  const faults: string[] = [];
  for (const name of worker[optionalSecrets] ?? []) {
    // An empty string is what compose files and CI systems pass for a variable that is not set.
    const value = source.read(name) || secrets.get(name);
    if (value) values[name] = value;
    if (Object.hasOwn(vars, name)) faults.push(`${file}: \`vars\` holds ${name}, which is a secret; take it out`);
  }
  return { values, faults };
}
