import { TrivetError, type UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { deleteOwnItem } from "../queries/items.ts";

/** Throws `not_found`, also for an item of somebody else. */
export async function removeItem({ db }: Deps, actor: UserActor, id: string): Promise<void> {
  if (!(await deleteOwnItem(db, actor.id, id))) throw new TrivetError("not_found", "You have no such item.");
}
