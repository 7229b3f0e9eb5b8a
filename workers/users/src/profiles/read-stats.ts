import type { UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import type { UserStats } from "../schemas.ts";
import { readProfile } from "./read-profile.ts";

/** How many follow a user and whom they follow; of private accounts too, as their profile says so as well. */
export async function readStats(deps: Deps, actor: UserActor, id: string): Promise<UserStats> {
  const { followerCount, followingCount, createdAt } = await readProfile(deps, actor, id);
  return { id, followerCount, followingCount, createdAt };
}
