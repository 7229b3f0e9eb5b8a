import type { Database } from "@trivet/db";
import { sql } from "drizzle-orm";
import type { Filters } from "../schemas.ts";
import type { Range } from "../time/range.ts";
import { chosen } from "./raw.ts";

export interface Step {
  event: string;
  filters?: Filters | undefined;
}

export interface StepCount {
  uniqueUsers: number;
  medianSeconds: number | null;
}

/**
 * Who took the steps in their order, each as early as could be: that reaches as far as any other choice. Events of one
 * request may be of one moment, so a step may be taken at the moment of the one before, unless it is the same.
 */
export async function countSteps(db: Database, range: Range, steps: readonly Step[]): Promise<StepCount[]> {
  const tables = steps.map(({ event, filters }, index) => {
    const taken = chosen({ range, event, filters });
    const [own, before] = [nameOf(index), nameOf(index - 1)];
    if (index === 0) {
      return sql`${own} as materialized (
        select visitor, min(at) as at, null::interval as after from ${taken} as event
        where visitor is not null group by visitor
      )`;
    }
    const later = JSON.stringify(steps[index]) === JSON.stringify(steps[index - 1]) ? sql`>` : sql`>=`;
    return sql`${own} as materialized (
      select visitor, min(step.at) as at, min(step.at) - ${before}.at as after
      from ${taken} as step join ${before} using (visitor)
      where step.at ${later} ${before}.at group by visitor, ${before}.at
    )`;
  });
  const counts = steps.map(
    (_, index) => sql`
      select ${index}::integer as step, count(*) as users,
        extract(epoch from percentile_cont(0.5) within group (order by after)) as median from ${nameOf(index)}`,
  );
  const rows = await db.execute<{ step: number; users: string; median: string | null }>(
    sql`with ${sql.join(tables, sql`, `)} ${sql.join(counts, sql` union all `)} order by step`,
  );
  return rows.map(({ users, median }) => ({
    uniqueUsers: Number(users),
    medianSeconds: median === null ? null : Number(median),
  }));
}

const nameOf = (index: number) => sql.identifier(`step_${index}`);
