import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { folderOf, type Manifest } from "./manifests.ts";
import { wrangler } from "./wrangler.ts";

export interface Bundle {
  manifest: Manifest;
  /** The module that is loaded first. */
  entry: string;
  /** Source by module name. */
  modules: Record<string, string>;
  /** Bytes of all modules, each gzipped, as Cloudflare counts them. */
  gzipBytes: number;
}

/** Builds one Worker as a deployment would, without account or network, into the empty folder `outdir`. */
export async function bundleWorker(manifest: Manifest, outdir: string): Promise<Bundle> {
  const args = ["deploy", "--dry-run", "--config", manifest.path, "--outdir", outdir];
  const { code, output } = await wrangler(args, { cwd: folderOf(manifest) });
  if (code !== 0) throw new Error(`${manifest.config.name} cannot be built:\n${output}`);
  const names = readdirSync(outdir).filter((name) => /\.m?js$/.test(name));
  const modules = Object.fromEntries(names.map((name) => [name, readFileSync(join(outdir, name), "utf8")]));
  const entry = basename(manifest.config.main).replace(/\.ts$/, ".js");
  if (modules[entry] === undefined) throw new Error(`${manifest.config.name}: wrangler wrote no ${entry}.`);
  const gzipBytes = Object.values(modules).reduce((sum, source) => sum + gzipSync(source).length, 0);
  return { manifest, entry, modules, gzipBytes };
}
