import type { Deps } from "../deps.ts";
import { foldChunks } from "../rollups/fold.ts";

/** So that a backlog leaves off before the next minute's tick begins. */
const longest = 45_000;

/** Counts what has come in. A repeat finds nothing left to count. */
export async function foldEvents(deps: Deps): Promise<void> {
  const until = Date.now() + longest;
  while ((await foldChunks(deps)) && Date.now() < until);
}
