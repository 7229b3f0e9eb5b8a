import { transaction } from "@trivet/db";
import { newId, TrivetError } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { countGoals, insertGoal } from "../queries/goals.ts";
import type { Goal, NewGoal } from "../schemas.ts";
import { namedOnce } from "./named-once.ts";

const mostGoals = 100;

/** Throws `conflict` for a name that another goal has, in whatever case, and `unprocessable` when there are too many. */
export async function createGoal({ db, answers, invocation }: Deps, goal: NewGoal): Promise<Goal> {
  return await namedOnce(() =>
    transaction(db, async (tx) => {
      if ((await countGoals(tx)) >= mostGoals) {
        throw new TrivetError("unprocessable", `There may be ${mostGoals} goals. Delete one first.`);
      }
      const made = await insertGoal(tx, newId(), goal);
      await answers.keep(tx, invocation, made);
      return made;
    }),
  );
}
