import { sql } from "drizzle-orm";
import type { Database } from "./open.ts";
import type { Outbox } from "./outbox.ts";
import { answerWithin } from "./within.ts";

export interface OutboxBacklog {
  /** Events that are committed and not yet sent. */
  waiting: number;
  /** The age of the oldest of them; 0 when there is none. */
  lagSeconds: number;
}

/** Milliseconds: less than whoever collects metrics waits. */
const timeLimit = 1_000;

/**
 * How far sending is behind, by the database's clock. The oldest row is found by the primary key, and what is counted
 * is no more than the backlog. Throws `unavailable` or `deadline_exceeded`.
 */
export async function outboxBacklog(db: Database, outbox: Outbox): Promise<OutboxBacklog> {
  const [found] = await answerWithin(
    timeLimit,
    db.execute<{ waiting: number; lag: number | null }>(sql`
      select (select count(*) from ${outbox})::int as waiting,
        (select extract(epoch from now() - created_at) from ${outbox} order by position limit 1)::float8 as lag`),
  );
  // A row that was committed between the statement's time and its snapshot is from the future.
  return { waiting: found?.waiting ?? 0, lagSeconds: Math.max(0, found?.lag ?? 0) };
}
