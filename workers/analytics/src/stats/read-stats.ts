import { getUserCount } from "@trivet/contracts";
import { describeError } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { countByValue, countEvents, type Dimension } from "../queries/raw.ts";
import { selectTopNames } from "../queries/rollups.ts";
import { cover } from "../rollups/cover.ts";
import { standardError } from "../rollups/sketch.ts";
import type { Stats, StatsQuery } from "../schemas.ts";
import { longestOfEvents, type Range, rangeOf } from "../time/range.ts";
import { countRollups } from "./count-rollups.ts";
import { dimensionOf } from "./dimension.ts";
import { rangeShown } from "./range-shown.ts";

type Figures = Pick<Stats, "events" | "uniqueUsers" | "basis" | "uniqueUsersError"> & {
  values: Stats["breakdown"]["values"];
};

/**
 * How many events and visitors a range had, and of which values the most. From the rollups, whatever the number of events,
 * unless a property is asked about.
 */
export async function readStats(deps: Deps, query: StatsQuery): Promise<Stats> {
  const by = query.breakdown ?? "name";
  const dimension = dimensionOf(by);
  const counted = query.filters === undefined && dimension.kind === "name";
  const range = rangeOf(query, Date.now(), counted ? undefined : longestOfEvents);
  const [{ values, ...figures }, registeredUsers] = await Promise.all([
    counted ? ofRollups(deps, range, query) : ofEvents(deps, range, query, dimension),
    countRegistered(deps),
  ]);
  return { ...rangeShown(range), ...figures, breakdown: { by, values }, registeredUsers };
}

async function ofRollups({ db }: Deps, range: Range, { event, limit }: StatsQuery): Promise<Figures> {
  const names = event === undefined ? await selectTopNames(db, cover(range.from, range.to), limit) : [event];
  const [[total = none] = [], ...counts] = await countRollups(db, [range], [event ?? "", ...names]);
  const values = names.map((value, index) => ({ value, ...(counts[index]?.[0] ?? none) }));
  const present = values.filter(({ events }) => events > 0);
  return { ...total, values: present, basis: "rollups", uniqueUsersError: standardError };
}

async function ofEvents(
  { db }: Deps,
  range: Range,
  { event, filters, limit }: StatsQuery,
  dimension: Dimension,
): Promise<Figures> {
  const selection = { range, event, filters };
  const [[total = none], values] = await Promise.all([
    countEvents(db, selection, [range]),
    countByValue(db, selection, dimension, limit),
  ]);
  return { ...total, values, basis: "events", uniqueUsersError: 0 };
}

const none = { events: 0, uniqueUsers: 0 };

/** Null while users is down: the rest of the figures is none the worse for it. */
async function countRegistered({ call, env, invocation }: Deps): Promise<number | null> {
  try {
    return (await call(env.USERS, getUserCount, {})).count;
  } catch (error) {
    invocation.log.warn("The number of users is not known", { fault: describeError(error) });
    return null;
  }
}
