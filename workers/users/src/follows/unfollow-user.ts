import type { UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { endFollow } from "./end-follow.ts";

/** Ends the actor's following of a user, or withdraws the request to. Unsets, so a repeat changes nothing. */
export async function unfollowUser(deps: Deps, actor: UserActor, followeeId: string): Promise<void> {
  await endFollow(deps, { followerId: actor.id, followeeId });
}
