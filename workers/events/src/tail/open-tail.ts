import { describeError, newId, TrivetError } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { readBeyond } from "../log/read-beyond.ts";
import { selectPosition } from "../queries/log.ts";
import type { TailFilter } from "../schemas.ts";
import { type Pace, streamLog } from "./stream-log.ts";

/** Of one process; each asks the log once a second. */
const mostTails = 50;

const pace: Pace = { poll: 1_000, heartbeat: 15_000, patience: 30_000, lifetime: 300_000, retry: 2_000 };

/**
 * Those that are open, and when each ends at the latest: a runtime may forget an invocation whose client has gone
 * without telling it.
 */
const open = new Map<string, number>();

/**
 * The log as it grows, from a position on, or from now.
 *
 * Throws `rate_limited` where too many are open, `unprocessable` for a position that there has not been, `gone` for one
 * from which the log no longer reaches on.
 */
export async function openTail(
  deps: Deps,
  filter: TailFilter,
  asked: number | undefined,
): Promise<ReadableStream<Uint8Array>> {
  const { db, invocation } = deps;
  const now = Date.now();
  for (const [id, endsAt] of open) if (endsAt < now) open.delete(id);
  if (open.size >= mostTails) {
    throw new TrivetError("rate_limited", `At most ${mostTails} tails are open at a time.`, { retryAfter: 5 });
  }
  const id = newId();
  open.set(id, now + pace.lifetime + pace.patience);
  try {
    const after = await beginning(db, asked);
    return streamLog({
      after,
      pace,
      read: (position) => readBeyond(deps, filter, position),
      ended: (fault) => {
        open.delete(id);
        if (fault !== undefined) invocation.log.warn("A tail could not go on", { fault: describeError(fault) });
      },
    });
  } catch (error) {
    open.delete(id);
    throw error;
  }
}

async function beginning(db: Deps["db"], asked: number | undefined): Promise<number> {
  const last = await selectPosition(db, "highest");
  if (asked === undefined) return last;
  if (asked > last) throw new TrivetError("unprocessable", "The log has not come to that position yet.");
  const before = Math.max(0, (await selectPosition(db, "lowest")) - 1);
  if (asked === 0 || asked >= before) return Math.max(asked, before);
  throw new TrivetError("gone", "The log does not reach back to that position any more. Begin without one.");
}
