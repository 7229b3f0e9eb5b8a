import type { Page, PageQuery } from "@trivet/http";
import type { UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { listPeople } from "../people/list-people.ts";
import type { UserCard } from "../schemas.ts";
import { requireOpenLists } from "./require-open-lists.ts";

/** Who follows a user. Throws `not_found`, and `forbidden` for a private account that has not accepted the actor. */
export async function listFollowers(
  deps: Deps,
  actor: UserActor,
  ownerId: string,
  page: PageQuery,
): Promise<Page<UserCard>> {
  await requireOpenLists(deps, actor, ownerId);
  return await listPeople(deps, "followers", { ownerId, viewerId: actor.id }, page);
}
