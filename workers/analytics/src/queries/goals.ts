import type { Database, Transaction } from "@trivet/db";
import { desc, eq, sql } from "drizzle-orm";
import type { Goal, NewGoal } from "../schemas.ts";
import { goals } from "../tables.ts";

export async function selectGoals(db: Database): Promise<Goal[]> {
  return await db.select().from(goals).orderBy(desc(goals.createdAt), goals.id);
}

export async function selectGoal(db: Database, id: string): Promise<Goal | undefined> {
  const [row] = await db.select().from(goals).where(eq(goals.id, id));
  return row;
}

/** Counted while nobody else makes one. */
export async function countGoals(tx: Transaction): Promise<number> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtext('analytics.goals'))`);
  return await tx.$count(goals);
}

export async function insertGoal(tx: Transaction, id: string, goal: NewGoal): Promise<Goal> {
  const [row] = await tx
    .insert(goals)
    .values({ id, ...goal })
    .returning();
  if (!row) throw new Error("An insert returned no row.");
  return row;
}

export async function updateGoal(db: Database, id: string, goal: NewGoal): Promise<Goal | undefined> {
  const [row] = await db.update(goals).set(goal).where(eq(goals.id, id)).returning();
  return row;
}

/** False when there was nothing to delete. */
export async function deleteGoal(db: Database, id: string): Promise<boolean> {
  const deleted = await db.delete(goals).where(eq(goals.id, id)).returning({ id: goals.id });
  return deleted.length > 0;
}
