import type { Deps } from "../deps.ts";
import { selectBeyond, selectPosition } from "../queries/log.ts";
import type { LoggedEvent, TailFilter } from "../schemas.ts";

/** What there is in the log beyond a position. */
export interface Beyond {
  /** Those that are wanted, in the order of their positions. */
  events: LoggedEvent[];
  /** Up to here nothing else is wanted. */
  upTo: number;
  /** Whether that is as far as the log has come. */
  isAll: boolean;
}

/** Events of one look. */
const mostEvents = 100;
/** Positions of one look, so that it is a short one however few events are wanted. */
const mostPositions = 10_000;

/** Looks at the log beyond a position, as far as it has come. */
export async function readBeyond({ db }: Pick<Deps, "db">, filter: TailFilter, after: number): Promise<Beyond> {
  // First, because whatever has a lower position is there as soon as this one is.
  const last = await selectPosition(db, "highest");
  if (last <= after) return { events: [], upTo: after, isAll: true };
  const end = Math.min(last, after + mostPositions);
  const events = await selectBeyond(db, filter, { after, upTo: end, limit: mostEvents });
  const upTo = events.length < mostEvents ? end : (events.at(-1)?.position ?? end);
  return { events, upTo, isAll: upTo === last };
}
