import type { UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { deleteMute } from "../queries/mutes.ts";

/** Lets a user back into the actor's feed. Unsets, so a repeat changes nothing. */
export async function unmuteUser({ db }: Deps, actor: UserActor, mutedId: string): Promise<void> {
  await deleteMute(db, actor.id, mutedId);
}
