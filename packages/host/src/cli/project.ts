import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { openSource, type Source } from "../config/index.ts";
import { ConfigurationError } from "../configuration-error.ts";
import { type Manifest, readManifests, variablePrefix } from "../manifest/index.ts";
import { selectServices } from "../select.ts";
import { type SchemaOwner, schemaOwners } from "../store/index.ts";

/** What every command works on. */
export interface Project {
  root: string;
  /** Where what this machine generates is kept; not in git. */
  directory: string;
  source: Source;
  manifests: readonly Manifest[];
  /** The services the command is about. */
  selected: readonly Manifest[];
  /** Whose schemas they need: their own, and the host's where it keeps something for one of them. */
  owners: readonly SchemaOwner[];
}

/** Reads the manifests and selects services; throws `ConfigurationError` with every fault. */
export function openProject(names: readonly string[] = []): Project {
  const root = findRoot();
  const { manifests, faults } = readManifests(root);
  const { selected, faults: selectFaults } = selectServices(manifests, names);
  const all = [...faults, ...selectFaults];
  if (all.length > 0) throw new ConfigurationError(all);
  const source = openSource(root, process.env);
  return { root, directory: join(root, ".trivet"), source, manifests, selected, owners: schemaOwners(selected) };
}

/** The nearest folder above the current one that looks like a project, else the one this file belongs to. */
export function findRoot(): string {
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "workers")) && existsSync(join(folder, "wrangler.toml"))) return folder;
    if (folder === dirname(folder)) return resolve(import.meta.dirname, "../../../..");
  }
}

/** Those who need a database and have not been told where one is. */
export function withoutUrl({ source, owners }: Project): SchemaOwner[] {
  if (source.read("DATABASE_URL")) return [];
  return owners.filter(({ service }) => !source.read(`DATABASE_URL_${variablePrefix(service)}`));
}

/** The same project for a command about one schema: a service's, or the host's own. */
export function narrow(project: Project, name: string): Project {
  const owners = project.owners.filter(({ service }) => service === name);
  if (owners.length > 0) return { ...project, owners };
  // Of a service without a schema there is nothing to do; what is no service is a mistake.
  const { faults } = selectServices(project.manifests, [name]);
  if (faults.length > 0) throw new ConfigurationError(faults);
  return { ...project, owners: [] };
}
