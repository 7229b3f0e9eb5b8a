import type { Deps } from "../deps.ts";
import { announcing } from "../events/announcing.ts";
import { deleteRequest } from "../queries/follow-requests.ts";
import { deleteFollow, type Follow } from "../queries/follows.ts";
import { lockProfiles } from "../queries/profiles.ts";
import { settleEndedFollows } from "./settle-ended-follows.ts";

/** Ends a follow, or the request for one; nothing happens where there is neither. */
export async function endFollow(deps: Deps, follow: Follow): Promise<void> {
  const { followerId, followeeId } = follow;
  await announcing(deps, async (tx, announce) => {
    const [, ended] = await Promise.all([
      lockProfiles(tx, [followerId, followeeId]),
      deleteFollow(tx, follow),
      deleteRequest(tx, followerId, followeeId),
    ]);
    if (ended) await settleEndedFollows(tx, announce, [follow]);
  });
}
