import type { Database } from "@trivet/db";
import { type SQL, sql } from "drizzle-orm";
import type { Filters } from "../schemas.ts";
import { events } from "../tables.ts";
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
    from ${events} where ${chosen(selection)} group by 1
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
    from (select ${valueIn(dimension)} as value, visitor from ${events} where ${chosen(selection)}) as chosen
    group by value order by events desc, value limit ${limit}::integer
  `);
  return rows.map((row) => ({ value: row.value, ...countOf(row) }));
}

const valueIn = (dimension: Dimension): SQL =>
  dimension.kind === "property" ? sql`properties ->> ${dimension.name}` : sql`${sql.identifier(dimension.kind)}`;

/** For a `where`: the events of a selection. */
export function chosen({ range, event, filters = {} }: Selection): SQL {
  const conditions = [
    sql`at >= ${instant(range.from)}::timestamptz and at < ${instant(range.to)}::timestamptz`,
    ...(event === undefined ? [] : [sql`name = ${event}`]),
    ...matching(filters),
  ];
  return sql.join(conditions, sql` and `);
}

const matching = (filters: Filters): SQL[] =>
  Object.entries(filters).map(([property, values]) => {
    const allowed = JSON.stringify(Array.isArray(values) ? values : [values]);
    return sql`properties -> ${property} in (select jsonb_array_elements(${allowed}::jsonb))`;
  });

const instant = (at: number): string => new Date(at).toISOString();

const countOf = ({ events: count, uniqueUsers }: { events: string; uniqueUsers: string }): Count => ({
  events: Number(count),
  uniqueUsers: Number(uniqueUsers),
});
