import { userFollowed } from "@trivet/contracts";
import type { Transaction } from "@trivet/db";
import type { Announce } from "../events/announcing.ts";
import { countFollows, type Follow, insertFollows } from "../queries/follows.ts";

/** Makes these follows, whose users are held and which are known not to be there; counts and announces them. */
export async function beginFollows(tx: Transaction, announce: Announce, pairs: readonly Follow[]): Promise<void> {
  // Sent without waiting in between: the other followers of the same user wait for this transaction.
  await Promise.all([
    insertFollows(tx, pairs),
    countFollows(tx, pairs, 1),
    ...pairs.map((pair) => announce(userFollowed, pair.followerId, pair)),
  ]);
}
