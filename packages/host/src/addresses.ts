import { type Source, strangers } from "./config/index.ts";
import { databaseFaults } from "./hyperdrive/index.ts";
import type { Manifest } from "./manifest/index.ts";
import { readS3Settings } from "./objects/index.ts";
import { readNatsSettings } from "./queues/index.ts";
import { redisFaults } from "./redis/index.ts";
import { addressFaults } from "./services/index.ts";
import { spanFaults } from "./traces/index.ts";

/**
 * What is wrong with the addresses of what the services stand on, and of one another. Also of those that no service
 * here uses: whoever set them meant something by it, and would learn otherwise on the day that one does.
 */
export const addressesFaults = (source: Source, manifests: readonly Manifest[]): string[] => [
  ...databaseFaults(source, manifests),
  ...readNatsSettings(source).faults,
  ...redisFaults(source),
  ...readS3Settings(source).faults,
  ...addressFaults(source, manifests),
  ...spanFaults(source),
  ...strangers(source, manifests),
];
