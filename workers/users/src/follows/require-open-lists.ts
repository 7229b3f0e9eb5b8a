import { TrivetError, type UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { readProfile } from "../profiles/read-profile.ts";

/**
 * Lets through whoever may see whom a user follows and by whom they are followed: everybody for a
 * public account, for a private one its owner and the followers it has accepted. Throws `not_found`
 * or `forbidden`.
 */
export async function requireOpenLists(deps: Deps, actor: UserActor, ownerId: string): Promise<void> {
  const owner = await readProfile(deps, actor, ownerId);
  if (!owner.isPrivate || owner.followedByMe || owner.id === actor.id) return;
  throw new TrivetError("forbidden", "This account is private: only accepted followers may see its lists.");
}
