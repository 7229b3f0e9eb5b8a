import type { Deps } from "../deps.ts";
import { announcing } from "../events/announcing.ts";
import { beginFollows } from "../follows/begin-follows.ts";
import { deleteRequests, selectRequesters } from "../queries/follow-requests.ts";
import { lockProfiles } from "../queries/profiles.ts";

/** Requests accepted in one transaction: few enough that nobody notices being held. */
const batchSize = 200;

/** Accepts everybody who waits for an answer, for as long as the account is public; answers how many it let in. */
export async function acceptPendingRequests(deps: Deps, userId: string): Promise<number> {
  let total = 0;
  while (true) {
    const requesters = await selectRequesters(deps.db, userId, batchSize);
    if (requesters.length === 0) return total;
    const accepted = await acceptBatch(deps, userId, requesters);
    if (accepted === undefined) return total;
    total += accepted;
  }
}

/** Undefined when the account has become private again, or was erased. */
async function acceptBatch(deps: Deps, userId: string, requesterIds: string[]): Promise<number | undefined> {
  return await announcing(deps, async (tx, announce) => {
    const held = await lockProfiles(tx, [userId, ...requesterIds]);
    if (held.get(userId)?.isPrivate !== false) return undefined;
    const removed = await deleteRequests(tx, requesterIds, userId);
    const follows = removed
      .filter((followerId) => held.has(followerId))
      .map((followerId) => ({ followerId, followeeId: userId }));
    if (follows.length > 0) await beginFollows(tx, announce, follows);
    return follows.length;
  });
}
