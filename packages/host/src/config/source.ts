import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { lineFaults } from "./dotenv-lines.ts";

export type ProcessEnv = Readonly<Record<string, string | undefined>>;

/** Where the values of variables come from. What is wrong with a variable is noted when it is first read. */
export interface Source {
  read(name: string): string | undefined;
  /** Every variable that is set to something, by itself or by a file; `own` where it is `.env` that says so. */
  given(): readonly { name: string; own: boolean }[];
  /** One sentence for each variable that was read and is at fault, keyed by its name. */
  readonly faults: ReadonlyMap<string, string>;
}

/**
 * The process environment, then the root's `.env`. Either may give `NAME` itself or, as container
 * secrets do, `NAME_FILE`: the path (relative to the root) of a file that holds the value.
 */
export function openSource(root: string, env: ProcessEnv): Source {
  const faults = new Map<string, string>();
  const known = new Map<string, string | undefined>();
  const dotenv = readDotenv(join(root, ".env"));
  for (const fault of lineFaults(dotenv)) faults.set(fault, fault);
  const layers = [
    { name: "the environment", own: false, values: env },
    { name: ".env", own: true, values: parseEnv(dotenv) },
  ];
  const find = (name: string): string | undefined => {
    for (const layer of layers) {
      const value = layer.values[name];
      const file = layer.values[`${name}_FILE`];
      if (value !== undefined && file !== undefined) {
        faults.set(name, `${name} and ${name}_FILE are both set in ${layer.name}; keep one`);
      }
      if (value !== undefined) return value;
      if (file !== undefined) return readValue(root, name, file, faults);
    }
    return undefined;
  };
  return {
    faults,
    given: () =>
      layers.flatMap(({ own, values }) =>
        Object.keys(values).flatMap((name) => (values[name] ? [{ name: name.replace(/_FILE$/, ""), own }] : [])),
      ),
    read(name) {
      if (!known.has(name)) known.set(name, find(name));
      return known.get(name);
    },
  };
}

const readDotenv = (path: string): string => (existsSync(path) ? readFileSync(path, "utf8") : "");

function readValue(root: string, name: string, file: string, faults: Map<string, string>): string | undefined {
  try {
    // Editors and `echo` end a file with a newline that is no part of the secret.
    return readFileSync(resolve(root, file), "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    faults.set(name, `${name}_FILE names ${file}, which cannot be read (${reason})`);
    return undefined;
  }
}
