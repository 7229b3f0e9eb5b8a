import { TrivetError } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { deleteDeadLetter as remove } from "../queries/dead-letters.ts";

/** For a letter that nobody will drive again. Throws `not_found`. */
export async function deleteDeadLetter({ db }: Deps, id: string): Promise<void> {
  if (!(await remove(db, id))) throw new TrivetError("not_found");
}
