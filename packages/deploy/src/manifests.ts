import { globSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parse } from "smol-toml";
import { z } from "zod";

const queues = z.looseObject({
  producers: z.array(z.looseObject({ queue: z.string() })).default([]),
  consumers: z.array(z.looseObject({ queue: z.string(), dead_letter_queue: z.string().optional() })).default([]),
});

const manifest = z.looseObject({
  name: z.string(),
  main: z.string(),
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()).default([]),
  vars: z.record(z.string(), z.string()).default({}),
  secrets: z.looseObject({ required: z.array(z.string()).default([]) }).default({ required: [] }),
  assets: z.looseObject({ directory: z.string().optional() }).optional(),
  services: z.array(z.looseObject({ binding: z.string(), service: z.string() })).default([]),
  queues: queues.default({ producers: [], consumers: [] }),
  r2_buckets: z.array(z.looseObject({ bucket_name: z.string() })).default([]),
  hyperdrive: z.array(z.looseObject({ binding: z.string(), id: z.string() })).default([]),
});

/** What the deploy command reads of a `wrangler.toml`; the rest goes to wrangler as it stands. */
export interface Manifest {
  /** `auth` for the Worker `trivet-auth`: what its environment variables end in. */
  service: string;
  /** Absolute path of the `wrangler.toml`. */
  path: string;
  config: z.output<typeof manifest>;
}

/** Every Worker of the repository at `root`. The router's manifest is the root's own. */
export function readManifests(root: string): Manifest[] {
  const paths = ["wrangler.toml", ...globSync("workers/*/wrangler.toml", { cwd: root }).sort()];
  return paths.map((path) => {
    const config = manifest.parse(parse(readFileSync(join(root, path), "utf8")));
    return { service: config.name.replace(/^trivet-/, ""), path: join(root, path), config };
  });
}

/** The folder that the relative paths of a manifest start from. */
export const folderOf = (manifest: Manifest): string => dirname(manifest.path);

/** The module that is loaded first. */
export const entryOf = (manifest: Manifest): string => resolve(folderOf(manifest), manifest.config.main);
