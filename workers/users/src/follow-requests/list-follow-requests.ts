import type { Page, PageQuery } from "@trivet/http";
import type { UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { listPeople } from "../people/list-people.ts";
import type { UserCard } from "../schemas.ts";

/** Who waits for the actor's answer. */
export async function listFollowRequests(deps: Deps, actor: UserActor, page: PageQuery): Promise<Page<UserCard>> {
  return await listPeople(deps, "requests", { ownerId: actor.id, viewerId: actor.id }, page);
}
