import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { openSource, type Source } from "../config/index.ts";
import { ConfigurationError } from "../configuration-error.ts";
import { type Manifest, readManifests, variablePrefix } from "../manifest/index.ts";
import { selectServices } from "../select.ts";

/** What every command works on. */
export interface Project {
  root: string;
  /** Where what this machine generates is kept; not in git. */
  directory: string;
  source: Source;
  manifests: readonly Manifest[];
  /** The services the command is about. */
  selected: readonly Manifest[];
}

/** Reads the manifests and selects services; throws `ConfigurationError` with every fault. */
export function openProject(names: readonly string[] = []): Project {
  const root = findRoot();
  const { manifests, faults } = readManifests(root);
  const { selected, faults: selectFaults } = selectServices(manifests, names);
  const all = [...faults, ...selectFaults];
  if (all.length > 0) throw new ConfigurationError(all);
  return { root, directory: join(root, ".trivet"), source: openSource(root, process.env), manifests, selected };
}

/** The nearest folder above the current one that looks like a project, else the one this file belongs to. */
export function findRoot(): string {
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "workers")) && existsSync(join(folder, "wrangler.toml"))) return folder;
    if (folder === dirname(folder)) return resolve(import.meta.dirname, "../../../..");
  }
}

export const withDatabase = (manifests: readonly Manifest[]): Manifest[] =>
  manifests.filter(({ hyperdrive }) => hyperdrive.length > 0);

/** Services that need a database and have not been told where one is. */
export function withoutUrl({ source, selected }: Project): Manifest[] {
  if (source.read("DATABASE_URL")) return [];
  return withDatabase(selected).filter(({ service }) => !source.read(`DATABASE_URL_${variablePrefix(service)}`));
}
