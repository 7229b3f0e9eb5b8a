import { join, resolve } from "node:path";
import type { BucketBinding, Keep } from "@trivet/platform";
import type { Source } from "../config/index.ts";
import { Bucket } from "./binding.ts";
import type { ObjectDriver } from "./driver.ts";
import { openFiles } from "./files/driver.ts";

interface Surroundings {
  root: string;
  source: Source;
  keepOne(): Keep;
}

/** Binds buckets by name. Services that name the same one share what it takes to reach it. */
export function bucketBinder({ root, source, keepOne }: Surroundings) {
  const buckets = new Map<string, BucketBinding>();
  const directory = resolve(root, source.read("OBJECTS_DIR") || join(".trivet", "objects"));
  return (name: string): { bound: BucketBinding | undefined; faults: string[] } => {
    const known = buckets.get(name);
    if (known) return { bound: known, faults: [] };
    const keep = keepOne();
    // Not before it is asked for: a process that only checks the configuration opens nothing.
    const bound = new Bucket(() =>
      keep(
        (): ObjectDriver => openFiles(join(directory, name)),
        (driver) => driver.close(),
      ),
    );
    buckets.set(name, bound);
    return { bound, faults: [] };
  };
}
