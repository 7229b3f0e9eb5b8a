import type { UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { holdingPair } from "../follows/holding-pair.ts";
import { refuseSelf } from "../follows/refuse-self.ts";
import { insertMute } from "../queries/mutes.ts";

/** Keeps a user out of the actor's feed; they are not told. Sets, so a repeat changes nothing. Throws `not_found`. */
export async function muteUser(deps: Deps, actor: UserActor, mutedId: string): Promise<void> {
  refuseSelf(actor, mutedId, "mute");
  await holdingPair(deps, { myId: actor.id, theirId: mutedId }, async (tx) => {
    await insertMute(tx, actor.id, mutedId);
  });
}
