import type { Transaction } from "@trivet/db";
import type { Deps } from "../deps.ts";
import { type Announce, announcing } from "../events/announcing.ts";
import { ensureProfile } from "../profiles/ensure-profile.ts";
import { noSuchUser } from "../profiles/no-such-user.ts";
import { type LockedProfile, lockProfiles } from "../queries/profiles.ts";
import { selectTies, type Ties } from "../queries/ties.ts";

/** Two users whose ties to each other nobody else changes meanwhile. */
export interface Pair {
  them: LockedProfile;
  ties: Ties;
}

/** Who is held, and whether also when it is I who blocked the other. */
export interface Holding {
  myId: string;
  theirId: string;
  despiteMyBlock?: boolean;
}

/**
 * Runs `effect` in a transaction that holds me and another user, with how the two stand to each
 * other. Throws `not_found` when either has no profile or has blocked the other.
 */
export async function holdingPair<Result>(
  deps: Deps,
  { myId, theirId, despiteMyBlock = false }: Holding,
  effect: (tx: Transaction, announce: Announce, pair: Pair) => Promise<Result>,
): Promise<Result> {
  const attempt = () =>
    announcing(deps, async (tx, announce) => {
      // Sent one behind the other: the second looks when the first holds both.
      const [held, ties] = await Promise.all([lockProfiles(tx, [myId, theirId]), selectTies(tx, myId, theirId)]);
      const them = held.get(theirId);
      if (!held.has(myId) || !them) return { missing: [myId, theirId].filter((id) => !held.has(id)) };
      if (ties.blocksMe || (ties.blockedByMe && !despiteMyBlock)) throw noSuchUser();
      return { result: await effect(tx, announce, { them, ties }) };
    });
  const first = await attempt();
  if (first.missing === undefined) return first.result;
  for (const id of first.missing) await ensureProfile(deps, id);
  const second = await attempt();
  if (second.missing !== undefined) throw noSuchUser();
  return second.result;
}
