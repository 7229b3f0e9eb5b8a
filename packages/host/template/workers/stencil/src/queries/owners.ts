import type { Transaction } from "@trivet/db";
import { and, eq, isNull, sql } from "drizzle-orm";
import { owners } from "../tables.ts";

/** Holds the row of an owner, made here for a new one, until the transaction ends; false for one who is erased. */
export async function lockOwner(tx: Transaction, id: string): Promise<boolean> {
  await tx.insert(owners).values({ id }).onConflictDoNothing();
  const held = await tx
    .select({ id: owners.id })
    .from(owners)
    .where(and(eq(owners.id, id), isNull(owners.erasedAt)))
    .for("update");
  return held.length > 0;
}

export async function eraseOwner(tx: Transaction, id: string): Promise<void> {
  const erased = { erasedAt: sql`now()` };
  await tx
    .insert(owners)
    .values({ id, ...erased })
    .onConflictDoUpdate({ target: owners.id, set: erased });
}
