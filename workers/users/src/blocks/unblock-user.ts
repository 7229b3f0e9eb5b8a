import type { UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { deleteBlock } from "../queries/blocks.ts";

/** Lifts the actor's block of a user; what the block ended stays ended. Unsets, so a repeat changes nothing. */
export async function unblockUser({ db }: Deps, actor: UserActor, blockedId: string): Promise<void> {
  await deleteBlock(db, actor.id, blockedId);
}
