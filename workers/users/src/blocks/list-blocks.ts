import type { Page, PageQuery } from "@trivet/http";
import type { UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { listPeople } from "../people/list-people.ts";
import type { UserCard } from "../schemas.ts";

/** Whom the actor has blocked. */
export async function listBlocks(deps: Deps, actor: UserActor, page: PageQuery): Promise<Page<UserCard>> {
  return await listPeople(deps, "blocks", { ownerId: actor.id, viewerId: actor.id }, page);
}
