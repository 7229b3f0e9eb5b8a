import type { LastingDatabase } from "@trivet/db/lasting";

/** A tick, in Unix milliseconds, of a service's cron. */
export interface Tick {
  service: string;
  cron: string;
  tick: number;
}

/** A tick that is this process's to run, until it settles it or its lease ends. */
export interface Claim extends Tick {
  run: string;
  /** From 1. */
  attempt: number;
  /** Milliseconds since it was due. */
  late: number;
  /** The tick before it that was claimed. */
  before: number;
  /** Whether the run of that one neither ended nor was renewed. */
  lost: boolean;
}

export const mostAttempts = 3;

/** Milliseconds from the epoch, as JavaScript counts them. */
const epoch = (expression: string): string => `(extract(epoch FROM ${expression}) * 1000)::float8`;
const asked = "json_to_recordset($1::text::json) AS asked (service text, cron text, tick float8)";

/** What is due is judged by the database's clock, the one that all replicas share. */
export async function databaseTime(database: LastingDatabase): Promise<number> {
  const [row] = await database.query<{ now: number }>(`SELECT ${epoch("clock_timestamp()")} AS now`);
  if (!row) throw new Error("The database did not tell the time.");
  return row.now;
}

/** Writes down crons that nobody has seen before, with a tick that is past: nobody owes them that one. */
export async function introduce(database: LastingDatabase, ticks: readonly Tick[]): Promise<void> {
  await database.query(
    `INSERT INTO crons (service, cron, tick) SELECT service, cron, to_timestamp(tick / 1000) FROM ${asked}
     ON CONFLICT DO NOTHING`,
    [JSON.stringify(ticks)],
  );
}

/**
 * Claims those of these ticks that are due and nobody's: each for one process, however many ask. A new tick is to be
 * had once the run of the one before has ended; the same again when its run failed a while ago or died.
 */
export async function claimTicks(
  database: LastingDatabase,
  ticks: readonly Tick[],
  lease: number,
): Promise<{ now: number; claims: Claim[] }> {
  const run = crypto.randomUUID();
  const [row] = await database.query<{ now: number; claims: Claim[] }>(
    `WITH due AS (
       SELECT crons.service, crons.cron, crons.tick AS before, crons.leased_until IS NOT NULL AS lost,
         to_timestamp(asked.tick / 1000) AS tick
       FROM crons JOIN ${asked} USING (service, cron)
       WHERE to_timestamp(asked.tick / 1000) <= clock_timestamp() AND (
         crons.tick < to_timestamp(asked.tick / 1000)
           AND (crons.leased_until IS NULL OR crons.leased_until <= clock_timestamp())
         OR crons.tick = to_timestamp(asked.tick / 1000) AND crons.attempts < ${mostAttempts}
           AND coalesce(crons.leased_until, crons.retry_at) <= clock_timestamp())
       FOR UPDATE OF crons SKIP LOCKED
     ), claimed AS (
       UPDATE crons SET tick = due.tick, run = $2, retry_at = NULL,
         attempts = CASE WHEN due.before = due.tick THEN crons.attempts + 1 ELSE 1 END,
         leased_until = clock_timestamp() + make_interval(secs => $3::float8 / 1000)
       FROM due WHERE crons.service = due.service AND crons.cron = due.cron
       RETURNING crons.service, crons.cron, ${epoch("crons.tick")} AS tick, crons.run, crons.attempts AS attempt,
         ${epoch("due.before")} AS before, due.lost, ${epoch("clock_timestamp()")} - ${epoch("crons.tick")} AS late
     )
     SELECT ${epoch("clock_timestamp()")} AS now, coalesce(json_agg(claimed), '[]') AS claims FROM claimed`,
    [JSON.stringify(ticks), run, lease],
  );
  if (!row) throw new Error("The database did not answer a claim.");
  return row;
}

/** Keeps a claim for another lease; whether it was still there to be kept. */
export async function renew(database: LastingDatabase, claim: Claim, lease: number): Promise<boolean> {
  const rows = await database.query(
    `UPDATE crons SET leased_until = clock_timestamp() + make_interval(secs => $4::float8 / 1000)
     WHERE service = $1 AND cron = $2 AND run = $3 AND leased_until IS NOT NULL RETURNING 1`,
    [claim.service, claim.cron, claim.run, lease],
  );
  return rows.length > 0;
}

/** Ends a claim, unless somebody has taken it over. With `retryIn` milliseconds the tick is to be had again then. */
export async function settle(database: LastingDatabase, claim: Claim, retryIn?: number): Promise<void> {
  await database.query(
    `UPDATE crons SET run = NULL, leased_until = NULL,
       retry_at = clock_timestamp() + make_interval(secs => $4::float8 / 1000)
     WHERE service = $1 AND cron = $2 AND run = $3`,
    [claim.service, claim.cron, claim.run, retryIn ?? null],
  );
}
