import { readFileSync } from "node:fs";
import { resolve } from "node:path";

/** What a deployment is told: environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A variable, or what the file holds that its `NAME_FILE` leads to, by a path relative to the root as for the host;
 * what is wrong is added to `faults`. `.env` is passed over: it is about this machine, and what suits a laptop would
 * go into production unseen.
 */
export function readVariable(
  root: string,
  environment: Environment,
  name: string,
  faults: Set<string>,
): string | undefined {
  const value = environment[name];
  const file = environment[`${name}_FILE`];
  if (value !== undefined && file !== undefined) faults.add(`${name} and ${name}_FILE are both set; keep one.`);
  if (value !== undefined || file === undefined) return value;
  try {
    // Editors and `echo` end a file with a newline that is no part of the secret.
    return readFileSync(resolve(root, file), "utf8").replace(/\r?\n$/, "");
  } catch {
    faults.add(`${name}_FILE names ${file}, which cannot be read.`);
    return undefined;
  }
}
