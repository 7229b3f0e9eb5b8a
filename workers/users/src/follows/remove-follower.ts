import type { UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { endFollow } from "./end-follow.ts";

/** Ends a user's following of the actor, or drops their request to. Unsets, so a repeat changes nothing. */
export async function removeFollower(deps: Deps, actor: UserActor, followerId: string): Promise<void> {
  await endFollow(deps, { followerId, followeeId: actor.id });
}
