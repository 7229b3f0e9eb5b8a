import type { Page, PageQuery } from "@trivet/http";
import type { UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { listPeople } from "../people/list-people.ts";
import type { UserCard } from "../schemas.ts";
import { requireOpenLists } from "./require-open-lists.ts";

/** Whom a user follows. Throws `not_found`, and `forbidden` for a private account that has not accepted the actor. */
export async function listFollowing(
  deps: Deps,
  actor: UserActor,
  ownerId: string,
  page: PageQuery,
): Promise<Page<UserCard>> {
  await requireOpenLists(deps, actor, ownerId);
  return await listPeople(deps, "following", { ownerId, viewerId: actor.id }, page);
}
