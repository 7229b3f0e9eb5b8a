import { type Database, type Transaction, transaction } from "@trivet/db";
import { DrizzleQueryError, sql } from "drizzle-orm";
import { chunks } from "../tables.ts";
import { day } from "../time/zone.ts";

/** Days that may come in before the next run makes more; as many as a host may be without its crons. */
const ahead = 7;

/** `chunks_20260131` */
const nameOf = (at: number): string => `chunks_${new Date(at).toISOString().slice(0, 10).replaceAll("-", "")}`;

/** When the day of a partition begins, in Unix milliseconds. */
export const dayOfPartition = (name: string): number =>
  Date.parse(name.replace(/^chunks_(\d{4})(\d\d)(\d\d)$/, "$1-$2-$3T00:00:00Z"));

/** Makes the days from `since` on, in Unix milliseconds, to some days from now. What is there already stays. */
export async function ensurePartitions(db: Database, since: number): Promise<void> {
  const first = Math.floor(since / day) * day;
  const wanted: number[] = [];
  for (let at = first; at <= Date.now() + ahead * day; at += day) wanted.push(at);
  await transaction(db, async (tx) => {
    await holdPartitions(tx);
    const known = new Set(await selectPartitions(tx));
    for (const at of wanted) if (!known.has(nameOf(at))) await attachPartition(tx, at);
  });
}

/** Drops the days that ended before `before`, with all their events. */
export async function dropPartitions(db: Database, before: number): Promise<void> {
  const oldest = nameOf(before);
  await transaction(db, async (tx) => {
    await holdPartitions(tx);
    const outdated = (await selectPartitions(tx)).filter((name) => name < oldest);
    // Whoever reads the events at that moment makes it wait, and it makes all others: the next run may have more luck.
    if (outdated.length > 0) await tx.execute(sql`set local lock_timeout = '500ms'`);
    for (const name of outdated) await tx.execute(sql`drop table analytics.${sql.identifier(name)}`);
  });
}

/** Whether an insert failed because its day has no partition yet. */
export function lacksPartition(error: unknown): boolean {
  const cause = error instanceof DrizzleQueryError ? error.cause : error;
  return cause instanceof Error && /no partition of relation "chunks"/.test(cause.message);
}

export async function selectPartitions(db: Database | Transaction): Promise<string[]> {
  const rows = await db.execute<{ name: string }>(sql`
    select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid
    where inhparent = 'analytics.chunks'::regclass order by 1
  `);
  return rows.map(({ name }) => name);
}

/** One at a time makes and drops days: two would make the same. */
async function holdPartitions(tx: Transaction): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtext('analytics.partitions'))`);
}

/** Made apart and attached: made in its place it would stop all who write while it waits for all who read. */
async function attachPartition(tx: Transaction, at: number): Promise<void> {
  const name = sql`analytics.${sql.identifier(nameOf(at))}`;
  const [from, to] = [at, at + day].map((edge) => sql.raw(`'${new Date(edge).toISOString().slice(0, 10)}'`));
  await tx.execute(sql`create table ${name} (like ${chunks} including all)`);
  await tx.execute(sql`alter table ${chunks} attach partition ${name} for values from (${from}) to (${to})`);
}
