import { batched, type Database } from "@trivet/db";
import { sql } from "drizzle-orm";
import { batches, events, seenEvents } from "../tables.ts";

/** By position, what is left out at the end is null: an event without a time happened when it was received. */
export type EventRow = readonly [
  name: string,
  properties: object,
  at?: string | null,
  key?: string | null,
  /** Where it is not the delivery's. */
  visitor?: string,
];

const keyOf = ([, , , key]: EventRow): string | undefined => key ?? undefined;

/** The events of one request, from one visitor of one source. */
export interface Delivery {
  visitor: string | null;
  source: string;
  rows: readonly EventRow[];
  /** ISO 8601; as is the earliest and the latest event. */
  receivedAt: string;
  firstAt: string;
  lastAt: string;
}

/**
 * Stores events, and answers when they are committed: how many of them had been here before. Requests of one turn of the
 * event loop share a transaction, as a commit costs more than a hundred rows.
 */
export const insertEvents = batched((db, deliveries: Delivery[]) => insertAll(db, deliveries));

async function insertAll(db: Database, deliveries: readonly Delivery[]): Promise<number[]> {
  const { unique, repeated } = withoutRepeats(deliveries);
  const keyed = unique.some(({ rows }) => rows.some((row) => keyOf(row) !== undefined));
  if (!keyed) {
    await db.execute(sql`
      with ${newBatch(deliveries)}
      insert into ${events} (at, batch, visitor, source, name, properties)
      select ${at}, new_batch.id, ${visitor}, d.source, e.value ->> 0, e.value -> 1
      from new_batch, ${elements(unique)}
    `);
    return repeated;
  }
  const rows = await db.execute<{ key: string }>(sql`
    with ${newBatch(deliveries)},
    given as materialized (
      select ${at} as at, ${visitor} as visitor, d.source, e.value ->> 0 as name,
        e.value -> 1 as properties, (e.value ->> 3)::uuid as key
      from ${elements(unique)}
    ),
    -- In one order everywhere, so that two that bring the same keys wait for one another and never in a circle.
    fresh as (
      insert into ${seenEvents} (key) select key from given where key is not null order by key
      on conflict do nothing returning key
    ),
    stored as (
      insert into ${events} (at, batch, visitor, source, name, properties)
      select at, new_batch.id, visitor, source, name, properties from given, new_batch
      where given.key is null or given.key in (select fresh.key from fresh)
    )
    select key from fresh
  `);
  const fresh = new Set(rows.map(({ key }) => key));
  return unique.map(({ rows: sent }, index) => {
    const known = sent.map(keyOf).filter((key) => key !== undefined && !fresh.has(key)).length;
    return known + (repeated[index] ?? 0);
  });
}

const at = sql.raw("coalesce((e.value ->> 2)::timestamptz, d.at)");
const visitor = sql.raw("coalesce((e.value ->> 4)::uuid, d.visitor)");

const newBatch = (deliveries: readonly Delivery[]) => {
  const earliest = deliveries.reduce((first, { firstAt }) => (firstAt < first ? firstAt : first), "9");
  const latest = deliveries.reduce((last, { lastAt }) => (lastAt > last ? lastAt : last), "");
  const size = deliveries.reduce((sum, { rows }) => sum + rows.length, 0);
  return sql`new_batch as (
    insert into ${batches} (first_at, last_at, size)
    values (${earliest}::timestamptz, ${latest}::timestamptz, ${size}::integer) returning id
  )`;
};

/**
 * Arrays by position, one parameter: of jsonb_to_recordset, unnest and COPY the others cost half as much again and more
 * for each event. The offset keeps what is said of a delivery from being read again for each of its events.
 */
const elements = (deliveries: readonly Delivery[]) => {
  const given = deliveries.map(({ visitor, source, receivedAt, rows }) => [visitor, source, receivedAt, rows]);
  return sql`(
    select (value ->> 0)::uuid as visitor, value ->> 1 as source, (value ->> 2)::timestamptz as at, value -> 3 as rows
    from jsonb_array_elements(${JSON.stringify(given)}::jsonb) offset 0
  ) as d, jsonb_array_elements(d.rows) as e`;
};

/** Leaves the first of each key, and says how many went of each delivery: one statement meets no row of its own. */
function withoutRepeats(deliveries: readonly Delivery[]): { unique: readonly Delivery[]; repeated: number[] } {
  const keys = new Set<string>();
  const unique = deliveries.map((delivery) => {
    const rows = delivery.rows.filter((row) => {
      const key = keyOf(row);
      if (key === undefined) return true;
      const first = !keys.has(key);
      keys.add(key);
      return first;
    });
    return rows.length === delivery.rows.length ? delivery : { ...delivery, rows };
  });
  return { unique, repeated: deliveries.map(({ rows }, index) => rows.length - (unique[index]?.rows.length ?? 0)) };
}
