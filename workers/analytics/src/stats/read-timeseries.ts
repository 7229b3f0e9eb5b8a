import type { Deps } from "../deps.ts";
import { countEvents } from "../queries/raw.ts";
import { standardError } from "../rollups/sketch.ts";
import type { Timeseries, TimeseriesQuery } from "../schemas.ts";
import { longestOfEvents, partsOf, rangeOf } from "../time/range.ts";
import { countRollups } from "./count-rollups.ts";
import { rangeShown } from "./range-shown.ts";

/** Events and visitors of each interval of a range; the first and the last may be cut short by its ends. */
export async function readTimeseries({ db }: Pick<Deps, "db">, query: TimeseriesQuery): Promise<Timeseries> {
  const { event, filters, interval } = query;
  const counted = filters === undefined;
  const range = rangeOf(query, Date.now(), counted ? undefined : longestOfEvents);
  const parts = partsOf(range, interval);
  const [counts = []] = counted
    ? await countRollups(db, parts, [event ?? ""])
    : [await countEvents(db, { range, event, filters }, parts)];
  const points = parts.map(({ from }, index) => ({
    at: new Date(from).toISOString(),
    ...(counts[index] ?? { events: 0, uniqueUsers: 0 }),
  }));
  const basis = counted ? "rollups" : "events";
  return { ...rangeShown(range), interval, points, basis, uniqueUsersError: counted ? standardError : 0 };
}
