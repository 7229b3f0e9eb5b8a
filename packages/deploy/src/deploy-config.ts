import { resolve } from "node:path";
import { entryOf, folderOf, type Manifest } from "./manifests.ts";
import type { Settings } from "./settings.ts";

/**
 * The configuration that wrangler deploys: the manifest with the deployment's own values, without the
 * bindings to Workers that do not exist yet, and with absolute paths, since it is written elsewhere.
 */
export function deployConfig(manifest: Manifest, settings: Settings, without: readonly string[]): object {
  const { config } = manifest;
  const ids = settings.hyperdrive[config.name] ?? {};
  const { directory } = config.assets ?? {};
  return {
    ...config,
    main: entryOf(manifest),
    vars: settings.vars[config.name] ?? config.vars,
    services: config.services.filter(({ service }) => !without.includes(service)),
    hyperdrive: config.hyperdrive.map((entry) => ({ ...entry, id: ids[entry.binding] ?? entry.id })),
    ...(directory === undefined
      ? {}
      : { assets: { ...config.assets, directory: resolve(folderOf(manifest), directory) } }),
  };
}
