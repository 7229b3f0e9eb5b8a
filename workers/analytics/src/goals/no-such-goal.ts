import { TrivetError } from "@trivet/platform";

export const noSuchGoal = (): TrivetError => new TrivetError("not_found", "There is no such goal.");
