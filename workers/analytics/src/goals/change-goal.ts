import type { Deps } from "../deps.ts";
import { updateGoal } from "../queries/goals.ts";
import type { Goal, NewGoal } from "../schemas.ts";
import { namedOnce } from "./named-once.ts";
import { noSuchGoal } from "./no-such-goal.ts";

/** Replaces a goal. Throws `not_found`, and `conflict` for a name that another one has. */
export async function changeGoal({ db }: Pick<Deps, "db">, id: string, goal: NewGoal): Promise<Goal> {
  const changed = await namedOnce(() => updateGoal(db, id, goal));
  if (!changed) throw noSuchGoal();
  return changed;
}
