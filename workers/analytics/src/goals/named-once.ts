import { isUniqueViolation } from "@trivet/db";
import { TrivetError } from "@trivet/platform";

/** Throws `conflict` where a goal would get a name that another one has, in whatever case. */
export async function namedOnce<Result>(effect: () => Promise<Result>): Promise<Result> {
  try {
    return await effect();
  } catch (error) {
    if (!isUniqueViolation(error, "goals_name")) throw error;
    throw new TrivetError("conflict", "Another goal has this name. Choose another one.");
  }
}
