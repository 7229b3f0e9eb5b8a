import { transaction } from "@trivet/db";
import type { Deps } from "../deps.ts";
import { deleteItemsOf } from "../queries/items.ts";
import { eraseOwner } from "../queries/owners.ts";

/** Erases all items of a user, who can add none from then on. */
export async function eraseItems({ db }: Deps, userId: string): Promise<void> {
  await transaction(db, async (tx) => {
    // The owner first: that waits for whoever is just adding something, and lets nobody begin.
    await eraseOwner(tx, userId);
    await deleteItemsOf(tx, userId);
  });
}
