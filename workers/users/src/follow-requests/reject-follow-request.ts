import type { UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { deleteRequest } from "../queries/follow-requests.ts";

/** Drops a request to follow the actor; whoever made it is not told. Unsets, so a repeat changes nothing. */
export async function rejectFollowRequest({ db }: Deps, actor: UserActor, requesterId: string): Promise<void> {
  await deleteRequest(db, requesterId, actor.id);
}
