import { TrivetError } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { selectEvent, selectEvents } from "../queries/log.ts";
import type { EventFilter, LoggedEvent } from "../schemas.ts";

/** Events, newest first, up to `limit + 1`. */
export const listEvents = (
  { db }: Deps,
  filter: EventFilter,
  page: { before: string | undefined; limit: number },
): Promise<LoggedEvent[]> => selectEvents(db, filter, { ...page, limit: page.limit + 1 });

/** Throws `not_found`. */
export async function readEvent({ db }: Deps, id: string): Promise<LoggedEvent> {
  const found = await selectEvent(db, id);
  if (!found) throw new TrivetError("not_found", "There is no such event, or its time in the log is over.");
  return found;
}
