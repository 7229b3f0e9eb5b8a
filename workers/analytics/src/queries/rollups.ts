import type { Database, Transaction } from "@trivet/db";
import { type SQL, sql } from "drizzle-orm";
import type { Level, Piece } from "../rollups/cover.ts";
import { registerCount } from "../rollups/sketch.ts";
import { chunks, rollups } from "../tables.ts";
import { day, quarter } from "../time/zone.ts";
import { chunkLimit } from "./chunks.ts";

/** A slot of a name; the empty name is that of all events together. */
export interface SlotKey {
  level: Level;
  name: string;
  /** Unix milliseconds. */
  slot: number;
}

export interface RollupRow extends SlotKey {
  /** Added to what is there. */
  events: number;
  /** Takes the place of what is there. */
  visitors: Uint8Array;
}

/** One at a time rolls up; false when another does. */
export async function holdRollups(tx: Transaction): Promise<boolean> {
  const [row] = await tx.execute<{ held: boolean }>(
    sql`select pg_try_advisory_xact_lock(hashtext('analytics.rollups')) as held`,
  );
  return row?.held ?? false;
}

/** Nobody rolls up while the transaction lasts. */
export async function waitForRollups(tx: Transaction): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtext('analytics.rollups'))`);
}

export interface Register {
  name: string;
  /** Unix milliseconds at which a quarter of an hour began. */
  slot: number;
  /** Null for the events without a visitor. */
  register: number | null;
  rank: number | null;
  events: number;
}

/** Chunks of fewer events are put together when they are counted: a row for each event is much to read. */
const small = 100;

/**
 * Takes the oldest chunks that the rollups do not know, of `limit` events in all or the first one alone, and answers what is
 * in them, counted by quarter of an hour, name, and register of their visitor's sketch: nothing when there are none.
 */
export async function countChunks(tx: Transaction, limit: number): Promise<Register[]> {
  const rows = await tx.execute<Record<keyof Register, string | number | null>>(sql`
    with due as materialized (
      select day, id from (
        select day, id, sum(size) over (order by id) - size as before
        from (select day, id, size from ${chunks} where not counted order by id limit 5000) as oldest
      ) as sized where before < ${limit}::bigint
    ),
    large as (
      update ${chunks} set counted = true from due
      where not counted and chunks.day = due.day and chunks.id = due.id and size >= ${small}::integer returning chunks.*
    ),
    scattered as (
      delete from ${chunks} using due
      where not counted and chunks.day = due.day and chunks.id = due.id and size < ${small}::integer returning chunks.*
    ),
    gathered as (
      insert into ${chunks} (day, source, counted, size, first_at, last_at, times, visitors, names, properties)
      select day, source, true, sum(size), min(first_at), max(last_at), ${together("times")}::integer[],
        ${together("visitors")}::uuid[], ${together("names")}::text[], ${together("properties")}
      from (
        select *, sum(size) over (partition by day, source order by id) / ${chunkLimit}::integer as portion from scattered
      ) as portioned
      group by day, source, portion
    )
    select name, slot, (hash & ${registerCount - 1}::bigint)::integer as register,
      -- Of 53 bits the first that is 1, from 1; 54 when none is.
      max(54 - length(ltrim(((hash >> 11) & 9007199254740991)::bit(53)::text, '0'))) as rank,
      sum(events) as events
    from (
      select name, (day - date 'epoch') * ${day}::bigint + part * ${quarter}::bigint as slot,
        uuid_hash_extended(visitor, 0) as hash, events
      from (
        -- Before anything is computed of an event: most of a visitor's are of one name and quarter of an hour.
        select day, name, ms / ${quarter}::integer as part, visitor, count(*) as events
        from (select * from large union all select * from scattered) as taken,
          rows from (unnest(times), unnest(visitors), unnest(names)) as event (ms, visitor, name)
        group by day, name, part, visitor
      ) as seen
    ) as hashed
    group by name, slot, register
  `);
  return rows.map(({ name, slot, register, rank, events: count }) => ({
    name: String(name),
    slot: Number(slot),
    register: register === null ? null : Number(register),
    rank: rank === null ? null : Number(rank),
    events: Number(count),
  }));
}

/** The arrays of some chunks as one, in the text that Postgres and JSON have for them: an end, what is in it, an end. */
const together = (column: "times" | "visitors" | "names" | "properties"): SQL => {
  const [open, close] = column === "properties" ? ["[", "]"] : ["{", "}"];
  const inner = sql`substr(${sql.identifier(column)}::text, 2, length(${sql.identifier(column)}::text) - 2)`;
  return sql`(${open}::text || string_agg(${inner}, ',' order by id) || ${close}::text)`;
};

/** The stored sketches of these slots; there is none of a slot that is new. */
export async function selectSketches(
  tx: Transaction,
  keys: readonly SlotKey[],
): Promise<(SlotKey & { visitors: Uint8Array })[]> {
  const rows = await tx.execute<{ level: Level; name: string; slot: string; visitors: Uint8Array }>(sql`
    select level, name, extract(epoch from slot) * 1000 as slot, visitors
    from jsonb_array_elements(${JSON.stringify(keys.map(({ level, name, slot }) => [level, name, slot / 1_000]))}::jsonb) as key
    join ${rollups} on level = key.value ->> 0 and name = key.value ->> 1
      and slot = to_timestamp((key.value ->> 2)::double precision)
  `);
  return rows.map(({ level, name, slot, visitors }) => ({ level, name, slot: Number(slot), visitors }));
}

export async function upsertRollups(tx: Transaction, rows: readonly RollupRow[]): Promise<void> {
  const given = rows.map(({ level, name, slot, events: count, visitors }) => [
    level,
    name,
    slot / 1_000,
    count,
    hexOf(visitors),
  ]);
  await tx.execute(sql`
    insert into ${rollups} (level, name, slot, events, visitors)
    select r.value ->> 0, r.value ->> 1, to_timestamp((r.value ->> 2)::double precision), (r.value ->> 3)::bigint,
      decode(r.value ->> 4, 'hex')
    from jsonb_array_elements(${JSON.stringify(given)}::jsonb) as r
    on conflict (level, name, slot) do update
    set events = rollups.events + excluded.events, visitors = excluded.visitors
  `);
}

export interface Counted {
  /** The index of the range it belongs to. */
  range: number;
  name: string;
  events: number;
  visitors: Uint8Array;
}

/** The slots of some ranges, of some names. */
export async function selectRollups(
  db: Database,
  ranges: readonly Piece[][],
  names: readonly string[],
): Promise<Counted[]> {
  const rows = await db.execute<{ range: number; name: string; events: string; visitors: Uint8Array }>(sql`
    select (piece.value ->> 0)::integer as range, name, events, visitors
    from ${slotsOf(ranges, sql`name = any(array(select jsonb_array_elements_text(${JSON.stringify(names)}::jsonb)))`)}
  `);
  return rows.map(({ range, name, events: count, visitors }) => ({ range, name, events: Number(count), visitors }));
}

/** The names with the most events in a range, the most frequent first. */
export async function selectTopNames(db: Database, range: Piece[], limit: number): Promise<string[]> {
  const rows = await db.execute<{ name: string }>(sql`
    select name from ${slotsOf([range], sql`name <> ''`)}
    group by name order by sum(events) desc, name limit ${limit}::integer
  `);
  return rows.map(({ name }) => name);
}

/**
 * The slots of some ranges, for a `from`. The offset keeps the planner from reading the whole table for them: it knows
 * nothing of the few that a range is made of.
 */
const slotsOf = (ranges: readonly Piece[][], condition: SQL): SQL => {
  const pieces = ranges.flatMap((range, index) =>
    range.map(({ level, from, to }) => [index, level, from / 1_000, to / 1_000]),
  );
  return sql`jsonb_array_elements(${JSON.stringify(pieces)}::jsonb) as piece cross join lateral (
    select name, events, visitors from ${rollups} where level = piece.value ->> 1
      and slot >= to_timestamp((piece.value ->> 2)::double precision)
      and slot < to_timestamp((piece.value ->> 3)::double precision) and ${condition} offset 0
  ) as slots`;
};

const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
