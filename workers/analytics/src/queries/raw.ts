import type { Database } from "@trivet/db";
import { type SQL, sql } from "drizzle-orm";
import type { Filters } from "../schemas.ts";
import { chunks } from "../tables.ts";
import type { Range } from "../time/range.ts";

/** Which events are meant. */
export interface Selection {
  range: Range;
  event?: string | undefined;
  filters?: Filters | undefined;
}

export interface Count {
  events: number;
  uniqueUsers: number;
}

/** Exact, as every event is read; by parts of the range, in order, those without events included. */
export async function countEvents(db: Database, selection: Selection, parts: readonly Range[]): Promise<Count[]> {
  const starts = `{${parts.map(({ from }) => instant(from)).join(",")}}`;
  const rows = await db.execute<{ part: number; events: string; uniqueUsers: string }>(sql`
    select width_bucket(at, (select ${starts}::timestamptz[])) as part, count(*) as events,
      count(distinct visitor) as "uniqueUsers"
    from ${chosen(selection)} as event group by 1
  `);
  const counts = new Map(rows.map((row) => [row.part, countOf(row)]));
  return parts.map((_, index) => counts.get(index + 1) ?? { events: 0, uniqueUsers: 0 });
}

export type Dimension = { kind: "name" | "source" } | { kind: "property"; name: string };

/** The values with the most events. An event that lacks the property has no value. */
export async function countByValue(
  db: Database,
  selection: Selection,
  dimension: Dimension,
  limit: number,
): Promise<(Count & { value: string | null })[]> {
  const rows = await db.execute<{ value: string | null; events: string; uniqueUsers: string }>(sql`
    select value, count(*) as events, count(distinct visitor) as "uniqueUsers"
    from (select ${valueIn(dimension)} as value, visitor from ${chosen(selection, { properties: dimension.kind === "property" })} as event) as valued
    group by value order by events desc, value limit ${limit}::integer
  `);
  return rows.map((row) => ({ value: row.value, ...countOf(row) }));
}

const valueIn = (dimension: Dimension): SQL =>
  dimension.kind === "property"
    ? sql`event.properties ->> ${dimension.name}`
    : sql`event.${sql.identifier(dimension.kind)}`;

interface Reading {
  /** Whether the properties are asked about; to read them costs half as much again. */
  properties?: boolean;
  /** Only these chunks of one day. */
  chunks?: { day: string; ids: readonly number[] };
}

/** For a `from`: the events of a selection. */
export function chosen({ range, event, filters = {} }: Selection, reading: Reading = {}): SQL {
  const [from, to] = [instant(range.from), instant(range.to)];
  const conditions = [
    sql`day >= ${from}::date and day <= ${to}::date and last_at >= ${from}::timestamptz and first_at < ${to}::timestamptz`,
    // Of most chunks all is in the range, and no event's time has to be computed.
    sql`(first_at >= ${from}::timestamptz and last_at < ${to}::timestamptz
      or at >= ${from}::timestamptz and at < ${to}::timestamptz)`,
    ...(reading.chunks === undefined ? [] : [within(reading.chunks)]),
    ...(event === undefined ? [] : [sql`name = ${event} and ${event} = any(names)`]),
    ...matching(filters),
  ];
  const unpacked = reading.properties || Object.keys(filters).length > 0 ? withProperties : withoutProperties;
  return sql`(select event.*, at, source from ${chunks}, ${unpacked}, ${momentOf} where ${sql.join(conditions, sql` and `)})`;
}

const within = ({ day, ids }: { day: string; ids: readonly number[] }): SQL =>
  sql`day = ${day}::date and id = any(${`{${ids.join()}}`}::bigint[])`;

const withoutProperties = sql`rows from (unnest(times), unnest(visitors), unnest(names)) as event (ms, visitor, name)`;

/** The events of a chunk, for a `from` behind it. */
const withProperties = sql`rows from (
  unnest(times), unnest(visitors), unnest(names), jsonb_array_elements(chunks.properties::jsonb)
) as event (ms, visitor, name, properties)`;

/** When an event of a chunk happened, for a `from` behind it. */
const momentOf = sql`lateral (select (day + ms * interval '1 millisecond') at time zone 'UTC' as at) as moment`;

const matching = (filters: Filters): SQL[] =>
  Object.entries(filters).map(([property, values]) => {
    const allowed = JSON.stringify(Array.isArray(values) ? values : [values]);
    return sql`event.properties -> ${property} in (select jsonb_array_elements(${allowed}::jsonb))`;
  });

const instant = (at: number): string => new Date(at).toISOString();

const countOf = ({ events: count, uniqueUsers }: { events: string; uniqueUsers: string }): Count => ({
  events: Number(count),
  uniqueUsers: Number(uniqueUsers),
});
