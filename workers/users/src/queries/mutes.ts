import type { Database, Transaction } from "@trivet/db";
import { and, eq } from "drizzle-orm";
import { mutes } from "../tables.ts";

export async function insertMute(tx: Transaction, muterId: string, mutedId: string): Promise<void> {
  await tx.insert(mutes).values({ muterId, mutedId }).onConflictDoNothing();
}

export async function deleteMute(db: Database, muterId: string, mutedId: string): Promise<void> {
  await db.delete(mutes).where(and(eq(mutes.muterId, muterId), eq(mutes.mutedId, mutedId)));
}
