import { TrivetError } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { selectDeadLetter, selectDeadLetters } from "../queries/dead-letters.ts";
import type { DeadLetter, LetterFilter, WholeDeadLetter } from "../schemas.ts";

/** Dead letters, newest first, up to `limit + 1`. */
export const listDeadLetters = (
  { db }: Deps,
  filter: LetterFilter,
  page: { before: string | undefined; limit: number },
): Promise<DeadLetter[]> => selectDeadLetters(db, filter, { ...page, limit: page.limit + 1 });

/** Throws `not_found`. */
export async function readDeadLetter({ db }: Deps, id: string): Promise<WholeDeadLetter> {
  const found = await selectDeadLetter(db, id);
  if (!found) throw new TrivetError("not_found");
  return { ...found, body: JSON.parse(found.body) };
}
