import type { Deps } from "../deps.ts";
import { selectGoal } from "../queries/goals.ts";
import { countEvents } from "../queries/raw.ts";
import type { GoalQuery, GoalStats } from "../schemas.ts";
import { rangeShown } from "../stats/range-shown.ts";
import { longestOfEvents, rangeOf } from "../time/range.ts";
import { noSuchGoal } from "./no-such-goal.ts";

/** How often a goal was reached in a range, and by how many of all users. Throws `not_found`. */
export async function readGoalStats({ db }: Pick<Deps, "db">, id: string, query: GoalQuery): Promise<GoalStats> {
  const goal = await selectGoal(db, id);
  if (!goal) throw noSuchGoal();
  const range = rangeOf(query, Date.now(), longestOfEvents);
  const [[reached], [all]] = await Promise.all([
    countEvents(db, { range, event: goal.event, filters: goal.filters }, [range]),
    countEvents(db, { range }, [range]),
  ]);
  const [events, uniqueUsers, allUsers] = [reached?.events ?? 0, reached?.uniqueUsers ?? 0, all?.uniqueUsers ?? 0];
  return {
    ...rangeShown(range),
    events,
    uniqueUsers,
    allUsers,
    conversion: allUsers === 0 ? 0 : uniqueUsers / allUsers,
  };
}
