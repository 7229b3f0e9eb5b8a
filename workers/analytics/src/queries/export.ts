import type { Database } from "@trivet/db";
import { sql } from "drizzle-orm";
import { chunks } from "../tables.ts";
import { chosen, type Selection } from "./raw.ts";

export interface ExportRow {
  at: string;
  name: string;
  source: string;
  visitor: string | null;
  properties: string;
}

export interface ExportPage {
  /** The last chunk that was read; undefined when there is none behind `after`. */
  last: number | undefined;
  rows: ExportRow[];
}

/**
 * The events of the next chunks of one day, behind chunk `after`: of as many as hold `limit` events, and of one at least.
 * Chunks that are put together meanwhile come again as one behind all others, so that nothing is left out.
 */
export async function selectEvents(
  db: Database,
  day: string,
  selection: Selection,
  after: number,
  limit: number,
): Promise<ExportPage> {
  const next = await db.execute<{ id: string }>(sql`
    select id from (
      select id, sum(size) over (order by id) - size as before from (
        select id, size from ${chunks} where day = ${day}::date and id > ${after}::bigint order by id limit ${limit}::integer
      ) as following
    ) as sized where before < ${limit}::integer order by id
  `);
  const ids = next.map(({ id }) => Number(id));
  const last = ids.at(-1);
  if (last === undefined) return { last, rows: [] };
  const rows = await db.execute<Record<keyof ExportRow, string>>(sql`
    select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, name, source, visitor,
      event.properties::text as properties
    from ${chosen(selection, { properties: true, chunks: { day, ids } })} as event
  `);
  return { last, rows: rows.map(({ visitor, ...row }) => ({ ...row, visitor: visitor ?? null })) };
}
