import type { Deps } from "../deps.ts";
import { deleteGoal } from "../queries/goals.ts";
import { noSuchGoal } from "./no-such-goal.ts";

/** Throws `not_found`. */
export async function removeGoal({ db }: Pick<Deps, "db">, id: string): Promise<void> {
  if (!(await deleteGoal(db, id))) throw noSuchGoal();
}
