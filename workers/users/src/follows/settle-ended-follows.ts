import { userUnfollowed } from "@trivet/contracts";
import type { Transaction } from "@trivet/db";
import type { Announce } from "../events/announcing.ts";
import { countFollows, type Follow } from "../queries/follows.ts";

/** Counts and announces follows that have just been deleted; their users are held. */
export async function settleEndedFollows(tx: Transaction, announce: Announce, pairs: readonly Follow[]): Promise<void> {
  if (pairs.length === 0) return;
  await Promise.all([
    countFollows(tx, pairs, -1),
    ...pairs.map((pair) => announce(userUnfollowed, pair.followerId, pair)),
  ]);
}
