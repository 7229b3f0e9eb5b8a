import type { UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { holdingPair } from "../follows/holding-pair.ts";
import { refuseSelf } from "../follows/refuse-self.ts";
import { settleEndedFollows } from "../follows/settle-ended-follows.ts";
import { insertBlock } from "../queries/blocks.ts";
import { deleteRequestsBetween } from "../queries/follow-requests.ts";
import { deleteFollowsBetween } from "../queries/follows.ts";

/**
 * Hides the actor and a user from each other and ends all following and asking between them. Sets,
 * so a repeat changes nothing. Throws `not_found` also where the other has blocked the actor.
 */
export async function blockUser(deps: Deps, actor: UserActor, blockedId: string): Promise<void> {
  refuseSelf(actor, blockedId, "block");
  await holdingPair(
    deps,
    { myId: actor.id, theirId: blockedId, despiteMyBlock: true },
    async (tx, announce, { ties }) => {
      if (ties.blockedByMe) return;
      const [ended] = await Promise.all([
        deleteFollowsBetween(tx, actor.id, blockedId),
        deleteRequestsBetween(tx, actor.id, blockedId),
        insertBlock(tx, actor.id, blockedId),
      ]);
      await settleEndedFollows(tx, announce, ended);
    },
  );
}
