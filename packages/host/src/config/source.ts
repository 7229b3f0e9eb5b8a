import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { readVariable, type VariableLayer } from "@trivet/platform";
import { lineFaults } from "./dotenv-lines.ts";

export type ProcessEnv = VariableLayer;

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
  const readFile = (path: string): string => readFileSync(resolve(root, path), "utf8");
  const find = (name: string): string | undefined => {
    for (const layer of layers) {
      const given = readVariable(layer.values, name, layer.name, readFile);
      if (given?.fault !== undefined) faults.set(name, given.fault);
      if (given) return given.value;
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
