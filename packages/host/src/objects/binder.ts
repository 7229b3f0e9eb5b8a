import { join, resolve } from "node:path";
import type { BucketBinding, Keep } from "@trivet/platform";
import type { Source } from "../config/index.ts";
import { Bucket } from "./binding.ts";
import type { ObjectDriver } from "./driver.ts";
import { openFiles } from "./files/driver.ts";
import { openS3 } from "./s3/driver.ts";
import { readS3Settings } from "./s3/settings.ts";
import type { Transport } from "./s3/transport.ts";

interface Surroundings {
  root: string;
  source: Source;
  runtime: { openTransport(): Transport };
  keepOne(): Keep;
}

interface BoundBucket {
  bound: BucketBinding | undefined;
  /** What is wrong with the settings, once for each bucket. */
  faults: string[];
}

/** Binds buckets by name. Services that name the same one share what it takes to reach it. */
export function bucketBinder(surroundings: Surroundings): (name: string) => BoundBucket {
  const buckets = new Map<string, BoundBucket>();
  return (name) => {
    const bucket = buckets.get(name) ?? bind(surroundings, name);
    buckets.set(name, bucket);
    return bucket;
  };
}

function bind({ root, source, runtime, keepOne }: Surroundings, name: string): BoundBucket {
  const { settings, faults } = readS3Settings(source);
  if (faults.length > 0) return { bound: undefined, faults };
  const directory = resolve(root, source.read("OBJECTS_DIR") || join(".trivet", "objects"), name);
  const open = (): ObjectDriver => (settings ? openS3(settings, name, runtime.openTransport()) : openFiles(directory));
  const keep = keepOne();
  // Not before it is asked for: a process that only checks the configuration opens nothing.
  return { bound: new Bucket(() => keep(open, (driver) => driver.close())), faults };
}
