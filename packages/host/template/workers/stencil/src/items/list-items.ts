import { id } from "@trivet/contracts";
import { decodeCursor, encodeCursor, type Page, type PageQuery, toPage } from "@trivet/http";
import type { UserActor } from "@trivet/platform";
import { z } from "zod";
import type { Deps } from "../deps.ts";
import { selectItems } from "../queries/items.ts";
import type { Item } from "../schemas.ts";

const place = z.tuple([id]);

/** A page of the actor's items, the latest first. */
export async function listItems({ db }: Deps, actor: UserActor, { limit, cursor }: PageQuery): Promise<Page<Item>> {
  const name = `items of ${actor.id}`;
  const [before] = cursor === undefined ? [] : decodeCursor(name, place, cursor);
  const rows = await selectItems(db, { ownerId: actor.id, before, limit: limit + 1 });
  return toPage(
    rows,
    limit,
    (row) => encodeCursor(name, [row.id]),
    (row) => row,
  );
}
