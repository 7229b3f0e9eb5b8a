import { stencilItemAdded } from "@trivet/contracts";
import { newId, TrivetError, type UserActor } from "@trivet/platform";
import { announcing } from "../announcing.ts";
import type { Deps } from "../deps.ts";
import { insertItem } from "../queries/items.ts";
import { lockOwner } from "../queries/owners.ts";
import type { Item, NewItem } from "../schemas.ts";

/** Adds an item to the actor's, and announces it. Throws `not_found` when the account is gone. */
export async function addItem(deps: Deps, actor: UserActor, { text }: NewItem): Promise<Item> {
  return await announcing(deps, async (tx, announce) => {
    if (!(await lockOwner(tx, actor.id))) throw new TrivetError("not_found", "This account is gone.");
    const item = await insertItem(tx, { id: newId(), ownerId: actor.id, text });
    await announce(stencilItemAdded, actor.id, { userId: actor.id, itemId: item.id });
    await deps.answers.keep(tx, deps.invocation, item);
    return item;
  });
}
