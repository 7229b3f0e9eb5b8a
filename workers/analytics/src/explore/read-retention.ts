import type { Deps } from "../deps.ts";
import { countReturned } from "../queries/retention.ts";
import type { Retention, RetentionQuery } from "../schemas.ts";
import { rangeShown } from "../stats/range-shown.ts";
import { longestOfEvents, partsOf, rangeOf } from "../time/range.ts";

/** How many of those who were first there in an interval came back in the following ones. */
export async function readRetention({ db }: Pick<Deps, "db">, query: RetentionQuery): Promise<Retention> {
  const range = rangeOf(query, Date.now(), longestOfEvents);
  const parts = partsOf(range, query.interval);
  const rows = await countReturned(db, range, parts, query);
  const users = new Map(rows.map((row) => [`${row.cohort} ${row.after}`, row.users]));
  const cohorts = parts.map(({ from }, cohort) => ({
    at: new Date(from).toISOString(),
    // What is counted before anybody can have returned is the cohort itself.
    size: users.get(`${cohort} -1`) ?? 0,
    returned: parts.slice(cohort).map((_, after) => users.get(`${cohort} ${after}`) ?? 0),
  }));
  return { ...rangeShown(range), interval: query.interval, cohorts };
}
