import type { Deps } from "../deps.ts";
import { keepPartitions } from "./keep-partitions.ts";
import { removeOld } from "./remove-old.ts";

/** Makes room for what comes, and lets go of what was kept for long enough. A repeat finds nothing to do. */
export async function tidy(deps: Deps): Promise<void> {
  await keepPartitions(deps);
  await removeOld(deps);
  await deps.answers.sweep();
}
