import { userFollowRequested } from "@trivet/contracts";
import type { UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { deleteRequest, insertRequest } from "../queries/follow-requests.ts";
import type { FollowState } from "../schemas.ts";
import { beginFollows } from "./begin-follows.ts";
import { holdingPair } from "./holding-pair.ts";
import { refuseSelf } from "./refuse-self.ts";

/**
 * Makes the actor follow a user, or ask to, when that account is private. Sets, so a repeat changes
 * nothing. Throws `not_found` where either has blocked the other, `unprocessable` for oneself.
 */
export async function followUser(deps: Deps, actor: UserActor, followeeId: string): Promise<FollowState> {
  refuseSelf(actor, followeeId, "follow");
  return await holdingPair(deps, { myId: actor.id, theirId: followeeId }, async (tx, announce, { them, ties }) => {
    const { followedByMe, requested } = ties;
    if (followedByMe || (requested && them.isPrivate)) return { followedByMe, requested };
    if (them.isPrivate) {
      await Promise.all([
        insertRequest(tx, actor.id, followeeId),
        announce(userFollowRequested, actor.id, { requesterId: actor.id, targetId: followeeId }),
      ]);
      return { followedByMe: false, requested: true };
    }
    if (requested) await deleteRequest(tx, actor.id, followeeId);
    await beginFollows(tx, announce, [{ followerId: actor.id, followeeId }]);
    return { followedByMe: true, requested: false };
  });
}
