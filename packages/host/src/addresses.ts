import { hostVariables, type Source, strangers } from "./config/index.ts";
import { databaseFaults } from "./hyperdrive/index.ts";
import type { Manifest } from "./manifest/index.ts";
import { readS3Settings } from "./objects/index.ts";
import { readNatsSettings } from "./queues/index.ts";
import { redisFaults } from "./redis/index.ts";
import { addressFaults } from "./services/index.ts";
import { spanFaults } from "./traces/index.ts";

/**
 * What is wrong with the variables of the host and with the addresses of the services. Also of those that nothing here
 * uses: whoever set them meant something by it, and would learn otherwise on the day that one does. Everything else
 * that `source` was asked for before is told, too.
 */
export function addressesFaults(source: Source, manifests: readonly Manifest[]): string[] {
  for (const name of hostVariables) source.read(name);
  const faults = malformed(source, manifests);
  // Reading is what finds these; collected any earlier, a file that cannot be read would pass for a variable not set.
  return [...source.faults.values(), ...faults];
}

const malformed = (source: Source, manifests: readonly Manifest[]): string[] => [
  ...databaseFaults(source, manifests),
  ...readNatsSettings(source).faults,
  ...redisFaults(source),
  ...readS3Settings(source).faults,
  ...addressFaults(source, manifests),
  ...spanFaults(source),
  ...strangers(source, manifests),
];
