import { TrivetError, type UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { beginFollows } from "../follows/begin-follows.ts";
import { holdingPair } from "../follows/holding-pair.ts";
import { deleteRequest } from "../queries/follow-requests.ts";

/** Lets somebody follow the actor who has asked to. A repeat changes nothing; throws `not_found` if they never asked. */
export async function acceptFollowRequest(deps: Deps, actor: UserActor, requesterId: string): Promise<void> {
  await holdingPair(deps, { myId: actor.id, theirId: requesterId }, async (tx, announce, { ties }) => {
    if (ties.followsMe) return;
    if (!(await deleteRequest(tx, requesterId, actor.id))) {
      throw new TrivetError("not_found", "This user has not asked to follow you, or has withdrawn the request.");
    }
    await beginFollows(tx, announce, [{ followerId: requesterId, followeeId: actor.id }]);
  });
}
