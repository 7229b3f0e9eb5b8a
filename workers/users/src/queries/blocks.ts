import type { Database, Transaction } from "@trivet/db";
import { and, eq } from "drizzle-orm";
import { blocks } from "../tables.ts";

export async function insertBlock(tx: Transaction, blockerId: string, blockedId: string): Promise<void> {
  await tx.insert(blocks).values({ blockerId, blockedId }).onConflictDoNothing();
}

export async function deleteBlock(db: Database, blockerId: string, blockedId: string): Promise<void> {
  await db.delete(blocks).where(and(eq(blocks.blockerId, blockerId), eq(blocks.blockedId, blockedId)));
}
