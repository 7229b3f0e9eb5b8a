import type { Database } from "@trivet/db";
import { sql } from "drizzle-orm";
import { chosen, type Selection } from "./raw.ts";

export interface ExportRow {
  /** Where the row lies, which is the order of an export: nothing else tells two events apart. */
  place: string;
  at: string;
  name: string;
  source: string;
  visitor: string | null;
  properties: string;
}

/** The next events of one day that lie behind a place. */
export async function selectEvents(
  db: Database,
  partition: string,
  selection: Selection,
  after: string | undefined,
  limit: number,
): Promise<ExportRow[]> {
  const rows = await db.execute<Record<keyof ExportRow, string>>(sql`
    select ctid::text as place, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, name, source,
      visitor, properties::text as properties
    from analytics.${sql.identifier(partition)}
    where ctid > ${after ?? "(0,0)"}::tid and ${chosen(selection)} order by ctid limit ${limit}::integer
  `);
  return rows.map(({ visitor, ...row }) => ({ ...row, visitor: visitor ?? null }));
}
