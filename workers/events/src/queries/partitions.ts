import type { Database, Transaction } from "@trivet/db";
import { sql } from "drizzle-orm";
import { type Day, dayNamed, daysFrom, nameOfDay } from "../log/days.ts";
import { firstIdAt } from "../log/event-id.ts";
import { log } from "../tables.ts";

const prefix = "log_";

/** Of those who change which partitions there are one does at a time. */
const partitionLock = 7_340_012;

/** Makes the partition of a day, unless it is there. */
export async function createPartition(tx: Transaction, day: Day): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${partitionLock})`);
  const name = sql.identifier(prefix + nameOfDay(day));
  const [from, to] = [day, daysFrom(day, 1)].map(({ begins }) => sql.raw(`'${firstIdAt(begins)}'`));
  await tx.execute(sql`
    create table if not exists events.${name} partition of ${log} for values from (${from}) to (${to})`);
}

export async function dropPartition(tx: Transaction, day: Day): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${partitionLock})`);
  await tx.execute(sql`drop table if exists events.${sql.identifier(prefix + nameOfDay(day))}`);
}

/** The days of which there is a partition, oldest first. */
export async function selectPartitions(db: Database): Promise<Day[]> {
  const rows = await db.execute<{ name: string }>(sql`
    select relname as name from pg_inherits join pg_class c on c.oid = inhrelid
    where inhparent = 'events.log'::regclass order by 1`);
  return rows.flatMap(({ name }) => dayNamed(name.slice(prefix.length)) ?? []);
}

/** What all partitions hold together; how many rows is Postgres's estimate, nothing before its first. */
export async function selectSize(db: Database): Promise<{ messages: number; bytes: number; days: number }> {
  const [row] = await db.execute<{ messages: number; bytes: number; days: number }>(sql`
    select coalesce(sum(greatest(reltuples, 0)), 0)::float8 as messages,
      coalesce(sum(pg_total_relation_size(c.oid)), 0)::float8 as bytes, count(*)::int as days
    from pg_inherits join pg_class c on c.oid = inhrelid where inhparent = 'events.log'::regclass`);
  return row ?? { messages: 0, bytes: 0, days: 0 };
}
