import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** A manifest that is there: the service it is of, and the folder it speaks for. */
export interface ManifestFile {
  service: string;
  directory: string;
  path: string;
}

/** The root manifest is the router's; every other service is a folder below `workers/`. */
export const routerName = "router";

export function findManifests(root: string): ManifestFile[] {
  const workers = join(root, "workers");
  const folders = existsSync(workers)
    ? readdirSync(workers, { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== routerName)
    : [];
  return [
    { service: routerName, directory: root, path: join(root, "wrangler.toml") },
    ...folders
      .map(({ name }) => name)
      .sort()
      .map((service) => {
        const directory = join(workers, service);
        return { service, directory, path: join(directory, "wrangler.toml") };
      }),
  ].filter(({ path }) => existsSync(path));
}
