import type { Database, Transaction } from "@trivet/db";
import { and, desc, eq, lt } from "drizzle-orm";
import type { Item } from "../schemas.ts";
import { items } from "../tables.ts";

const shown = { id: items.id, text: items.text, createdAt: items.createdAt };

export async function insertItem(tx: Transaction, item: { id: string; ownerId: string; text: string }): Promise<Item> {
  const [row] = await tx.insert(items).values(item).returning(shown);
  if (!row) throw new Error("An insert returned no row.");
  return row;
}

interface ItemsQuery {
  ownerId: string;
  /** The item behind which to begin. */
  before: string | undefined;
  limit: number;
}

/** The latest come first. */
export async function selectItems(db: Database, { ownerId, before, limit }: ItemsQuery): Promise<Item[]> {
  return await db
    .select(shown)
    .from(items)
    .where(and(eq(items.ownerId, ownerId), before === undefined ? undefined : lt(items.id, before)))
    .orderBy(desc(items.id))
    .limit(limit);
}

/** False when there was nothing to delete. */
export async function deleteOwnItem(db: Database, ownerId: string, id: string): Promise<boolean> {
  const deleted = await db
    .delete(items)
    .where(and(eq(items.id, id), eq(items.ownerId, ownerId)))
    .returning({ id: items.id });
  return deleted.length > 0;
}

export async function deleteItemsOf(tx: Transaction, ownerId: string): Promise<void> {
  await tx.delete(items).where(eq(items.ownerId, ownerId));
}
