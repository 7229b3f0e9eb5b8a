import { TrivetError } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { endReplay } from "../queries/replays.ts";
import type { Replay } from "../schemas.ts";
import { readReplay } from "./read-replays.ts";

/** Sends no more; what has been sent stays sent. Throws `not_found`, `conflict` where it has ended otherwise. */
export async function cancelReplay(deps: Deps, id: string): Promise<Replay> {
  await endReplay(deps.db, id, "cancelled");
  const replay = await readReplay(deps, id);
  if (replay.state !== "cancelled") throw new TrivetError("conflict", `This replay has ${replay.state}.`);
  return replay;
}
