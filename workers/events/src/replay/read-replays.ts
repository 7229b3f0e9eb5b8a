import { TrivetError } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { selectReplay, selectReplays } from "../queries/replays.ts";
import type { Replay } from "../schemas.ts";

/** Replays, newest first, up to `limit + 1`. */
export const listReplays = ({ db }: Deps, page: { before: string | undefined; limit: number }): Promise<Replay[]> =>
  selectReplays(db, { ...page, limit: page.limit + 1 });

/** Throws `not_found`. */
export async function readReplay({ db }: Deps, id: string): Promise<Replay> {
  const found = await selectReplay(db, id);
  if (!found) throw new TrivetError("not_found");
  return found;
}
