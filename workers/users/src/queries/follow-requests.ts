import type { Database, Transaction } from "@trivet/db";
import { and, eq, or } from "drizzle-orm";
import { followRequests } from "../tables.ts";
import { anyOf } from "./any-of.ts";

/** Both users are held, and the request is known not to be there. */
export async function insertRequest(tx: Transaction, requesterId: string, targetId: string): Promise<void> {
  await tx.insert(followRequests).values({ requesterId, targetId });
}

/** False when there was nothing to delete. */
export async function deleteRequest(db: Database, requesterId: string, targetId: string): Promise<boolean> {
  return (await deleteRequests(db, [requesterId], targetId)).length > 0;
}

/** The requesters among these whose request was there. */
export async function deleteRequests(db: Database, requesterIds: string[], targetId: string): Promise<string[]> {
  const deleted = await db
    .delete(followRequests)
    .where(and(anyOf(followRequests.requesterId, requesterIds), eq(followRequests.targetId, targetId)))
    .returning({ id: followRequests.requesterId });
  return deleted.map((row) => row.id);
}

export async function deleteRequestsBetween(tx: Transaction, one: string, other: string): Promise<void> {
  await tx
    .delete(followRequests)
    .where(
      or(
        and(eq(followRequests.requesterId, one), eq(followRequests.targetId, other)),
        and(eq(followRequests.requesterId, other), eq(followRequests.targetId, one)),
      ),
    );
}

/** Up to `limit` of those who wait for an answer, the longest waiting first. */
export async function selectRequesters(db: Database, targetId: string, limit: number): Promise<string[]> {
  const rows = await db
    .select({ id: followRequests.requesterId })
    .from(followRequests)
    .where(eq(followRequests.targetId, targetId))
    .orderBy(followRequests.createdAt, followRequests.requesterId)
    .limit(limit);
  return rows.map((row) => row.id);
}
