import type { Database, Transaction } from "@trivet/db";
import { and, asc, count, desc, eq, inArray, lt, lte, ne, sql } from "drizzle-orm";
import type { Replay } from "../schemas.ts";
import { replays } from "../tables.ts";

type NewReplay = typeof replays.$inferInsert;

const columns = {
  id: replays.id,
  state: replays.state,
  subscriber: replays.subscriber,
  event: replays.event,
  from: replays.fromTime,
  to: replays.toTime,
  force: replays.forced,
  position: replays.position,
  lastPosition: replays.lastPosition,
  sent: replays.sent,
  cause: replays.cause,
  createdBy: replays.createdBy,
  createdAt: replays.createdAt,
  endedAt: replays.endedAt,
};

/** Of those who start one, one does at a time. */
const replayLock = 7_340_013;

/** How many have not ended, for whoever holds the right to start one until its transaction ends. */
export async function countRunning(tx: Transaction): Promise<number> {
  await tx.execute(sql`select pg_advisory_xact_lock(${replayLock})`);
  const [row] = await tx.select({ running: count() }).from(replays).where(isRunning);
  return row?.running ?? 0;
}

export async function insertReplay(tx: Transaction, replay: NewReplay): Promise<Replay> {
  const [row] = await tx.insert(replays).values(replay).returning(columns);
  if (!row) throw new Error("The replay that was just stored is not there.");
  return row;
}

export async function selectReplay(db: Database, id: string): Promise<Replay | undefined> {
  const [found] = await db.select(columns).from(replays).where(eq(replays.id, id));
  return found;
}

/** The latest come first. */
export async function selectReplays(
  db: Database,
  page: { before: string | undefined; limit: number },
): Promise<Replay[]> {
  return await db
    .select(columns)
    .from(replays)
    .where(page.before === undefined ? undefined : lt(replays.id, page.before))
    .orderBy(desc(replays.id))
    .limit(page.limit);
}

/** The one that has waited longest, held; what somebody else holds is passed over. */
export async function lockDueReplay(tx: Transaction): Promise<Replay | undefined> {
  const [found] = await tx
    .select(columns)
    .from(replays)
    .where(and(isRunning, lte(replays.dueAt, sql`clock_timestamp()`)))
    .orderBy(asc(replays.dueAt))
    .limit(1)
    .for("update", { skipLocked: true });
  return found;
}

/** How far it has come now. */
export async function moveReplay(tx: Transaction, id: string, to: { position: number; sent: number }): Promise<void> {
  await tx
    .update(replays)
    .set({ ...to, cause: null, dueAt: sql`clock_timestamp()` })
    .where(eq(replays.id, id));
}

export async function postponeReplay(db: Database | Transaction, id: string, cause: string, seconds: number) {
  await db
    .update(replays)
    .set({ cause, dueAt: sql`clock_timestamp() + make_interval(secs => ${seconds})` })
    .where(and(eq(replays.id, id), isRunning));
}

/** False where it has ended before. */
export async function endReplay(
  db: Database | Transaction,
  id: string,
  state: Exclude<Replay["state"], "running">,
  cause: string | null = null,
): Promise<boolean> {
  const ended = await db
    .update(replays)
    .set({ state, cause, endedAt: sql`clock_timestamp()` })
    .where(and(eq(replays.id, id), isRunning))
    .returning({ id: replays.id });
  return ended.length > 0;
}

/** Those that ended before a time, up to `limit`; answers how many they were. */
export async function deleteReplays(db: Database, endedBefore: string, limit: number): Promise<number> {
  const old = db
    .select({ id: replays.id })
    .from(replays)
    .where(and(ne(replays.state, "running"), lt(replays.endedAt, endedBefore)))
    .limit(limit);
  const gone = await db.delete(replays).where(inArray(replays.id, old)).returning({ id: replays.id });
  return gone.length;
}

const isRunning = eq(replays.state, "running");
