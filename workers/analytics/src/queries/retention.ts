import type { Database } from "@trivet/db";
import { sql } from "drizzle-orm";
import type { Range } from "../time/range.ts";
import { chosen } from "./raw.ts";

export interface Returned {
  /** The index of the part in which somebody was there first. */
  cohort: number;
  /** Parts since then. */
  after: number;
  users: number;
}

/**
 * Of the users who were first there in one part of a range, how many were there in it and in each of the following. Only
 * of users with an account: of others nobody can tell that they came back, which is what version 8 of an id stands for.
 */
export async function countReturned(
  db: Database,
  range: Range,
  parts: readonly Range[],
  { event, returning }: { event?: string | undefined; returning?: string | undefined },
): Promise<Returned[]> {
  const starts = `{${parts.map(({ from }) => new Date(from).toISOString()).join(",")}}`;
  const seen = (name: string | undefined) => sql`
    select distinct visitor, width_bucket(at, (select ${starts}::timestamptz[])) as part
    from ${chosen({ range, event: name })} as event where visitor is not null and substr(visitor::text, 15, 1) <> '8'`;
  const rows = await db.execute<{ cohort: number; after: number; users: string }>(sql`
    with started as (select visitor, min(part) as part from (${seen(event)}) as first group by visitor)
    select started.part - 1 as cohort, seen.part - started.part as after, count(*) as users
    from started join (${seen(returning)}) as seen using (visitor)
    where seen.part >= started.part group by 1, 2
    union all
    select part - 1, -1, count(*) from started group by part
  `);
  return rows.map(({ cohort, after, users }) => ({ cohort, after, users: Number(users) }));
}
