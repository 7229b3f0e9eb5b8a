import type { Database, Transaction } from "@trivet/db";
import { and, asc, count, desc, eq, inArray, isNotNull, isNull, lt, sql } from "drizzle-orm";
import { firstIdAt } from "../log/event-id.ts";
import type { DeadLetter, LetterFilter, RedriveFilter } from "../schemas.ts";
import { deadLetters } from "../tables.ts";

type NewDeadLetter = typeof deadLetters.$inferInsert;
type StoredDeadLetter = DeadLetter & { body: string };

/** A letter that comes again is there already, and stays as it is. */
export async function insertDeadLetters(db: Database, letters: readonly NewDeadLetter[]): Promise<void> {
  await db
    .insert(deadLetters)
    .values([...letters])
    .onConflictDoNothing({ target: [deadLetters.queue, deadLetters.messageId] });
}

const columns = {
  id: deadLetters.id,
  queue: deadLetters.queue,
  event: deadLetters.event,
  eventId: deadLetters.eventId,
  cause: deadLetters.cause,
  attempts: deadLetters.attempts,
  sentAt: deadLetters.sentAt,
  diedAt: deadLetters.diedAt,
  redrivenAt: deadLetters.redrivenAt,
};

const whole = { ...columns, body: deadLetters.body };

const within = ({ queue, event }: RedriveFilter) =>
  and(
    queue === undefined ? undefined : eq(deadLetters.queue, queue),
    event === undefined ? undefined : eq(deadLetters.event, event),
  );

/** The latest come first. */
export async function selectDeadLetters(
  db: Database,
  { redriven, ...filter }: LetterFilter,
  page: { before: string | undefined; limit: number },
): Promise<DeadLetter[]> {
  return await db
    .select(columns)
    .from(deadLetters)
    .where(
      and(
        within(filter),
        redriven === undefined ? undefined : (redriven === "yes" ? isNotNull : isNull)(deadLetters.redrivenAt),
        page.before === undefined ? undefined : lt(deadLetters.id, page.before),
      ),
    )
    .orderBy(desc(deadLetters.id))
    .limit(page.limit);
}

export async function selectDeadLetter(db: Database | Transaction, id: string): Promise<StoredDeadLetter | undefined> {
  const [found] = await db.select(whole).from(deadLetters).where(eq(deadLetters.id, id));
  return found;
}

/** One that has not been driven again, held; undefined where there is none, or somebody else holds it. */
export async function lockDeadLetter(tx: Transaction, id: string): Promise<StoredDeadLetter | undefined> {
  const [found] = await tx
    .select(whole)
    .from(deadLetters)
    .where(and(eq(deadLetters.id, id), isNull(deadLetters.redrivenAt)))
    .for("update", { skipLocked: true });
  return found;
}

/** The oldest that have not been driven again, held; what somebody else holds is passed over. */
export async function lockDeadLetters(
  tx: Transaction,
  filter: RedriveFilter,
  limit: number,
): Promise<StoredDeadLetter[]> {
  return await tx
    .select(whole)
    .from(deadLetters)
    .where(and(within(filter), isNull(deadLetters.redrivenAt)))
    .orderBy(asc(deadLetters.id))
    .limit(limit)
    .for("update", { skipLocked: true });
}

export async function markRedriven(tx: Transaction, ids: readonly string[]): Promise<void> {
  await tx
    .update(deadLetters)
    .set({ redrivenAt: sql`clock_timestamp()` })
    .where(inArray(deadLetters.id, [...ids]));
}

/** False where there is none. */
export async function deleteDeadLetter(db: Database, id: string): Promise<boolean> {
  const gone = await db.delete(deadLetters).where(eq(deadLetters.id, id)).returning({ id: deadLetters.id });
  return gone.length > 0;
}

/** Those that have not been driven again, by the queue in which they died. */
export async function countDeadLetters(db: Database): Promise<Map<string, number>> {
  const rows = await db
    .select({ queue: deadLetters.queue, letters: count() })
    .from(deadLetters)
    .where(isNull(deadLetters.redrivenAt))
    .groupBy(deadLetters.queue);
  return new Map(rows.map(({ queue, letters }) => [queue, letters]));
}

/** Those that were last driven again, or else died, before a time, up to `limit`. */
export async function deleteOldLetters(
  db: Database,
  before: string,
  limit: number,
): Promise<{ redrivenAt: string | null }[]> {
  const old = db
    .select({ id: deadLetters.id })
    .from(deadLetters)
    // Ids begin with the time at which a letter was kept, and are in order: what is younger is not looked at.
    .where(
      and(
        lt(deadLetters.id, firstIdAt(Date.parse(before))),
        lt(sql`coalesce(${deadLetters.redrivenAt}, ${deadLetters.diedAt})`, before),
      ),
    )
    .orderBy(asc(deadLetters.id))
    .limit(limit);
  return await db
    .delete(deadLetters)
    .where(inArray(deadLetters.id, old))
    .returning({ redrivenAt: deadLetters.redrivenAt });
}
