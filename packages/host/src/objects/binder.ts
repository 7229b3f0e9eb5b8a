import { join, resolve } from "node:path";
import type { BucketBinding, Keep } from "@trivet/platform";
import type { Source } from "../config/index.ts";
import { Bucket } from "./binding.ts";
import type { ObjectDriver } from "./driver.ts";
import { openFiles } from "./files/driver.ts";
import { readS3Settings, type S3Settings } from "./s3/settings.ts";
import type { Transport } from "./s3/transport.ts";

interface Surroundings {
  root: string;
  source: Source;
  runtime: { loadTransport(): Promise<() => Transport> };
  keepOne(): Keep;
}

interface BoundBucket {
  bound: BucketBinding | undefined;
  /** What is wrong with the settings, once for each bucket. */
  faults: string[];
}

/** Binds buckets by name. Services that name the same one share what it takes to reach it. */
export async function bucketBinder(surroundings: Surroundings): Promise<(name: string) => BoundBucket> {
  const { settings, faults } = readS3Settings(surroundings.source);
  const open = settings ? await s3Opener(surroundings, settings) : filesOpener(surroundings);
  const buckets = new Map<string, BoundBucket>();
  const bind = (name: string): BoundBucket => {
    if (faults.length > 0) return { bound: undefined, faults };
    const keep = surroundings.keepOne();
    // Not before it is asked for: a process that only checks the configuration opens nothing.
    const driver = (): ObjectDriver =>
      keep(
        () => open(name),
        (opened) => opened.close(),
      );
    return { bound: new Bucket(driver), faults };
  };
  return (name) => {
    const bucket = buckets.get(name) ?? bind(name);
    buckets.set(name, bucket);
    return bucket;
  };
}

type Opener = (name: string) => ObjectDriver;

function filesOpener({ root, source }: Surroundings): Opener {
  const directory = resolve(root, source.read("OBJECTS_DIR") || join(".trivet", "objects"));
  return (name) => openFiles(join(directory, name));
}

/** The driver is loaded where it is needed only. */
async function s3Opener({ runtime }: Surroundings, settings: S3Settings): Promise<Opener> {
  const [{ openS3 }, openTransport] = await Promise.all([import("./s3/driver.ts"), runtime.loadTransport()]);
  return (name) => openS3(settings, name, openTransport());
}
