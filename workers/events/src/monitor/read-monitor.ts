import { eventsQueue, inboxQueueOf, subscriptions } from "@trivet/contracts";
import { describeError, type QueueBinding } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { inboxOf } from "../env.ts";
import { countDeadLetters } from "../queries/dead-letters.ts";
import { countSince, selectEnds } from "../queries/log.ts";
import { selectSize } from "../queries/partitions.ts";
import type { Backlog, Monitor } from "../schemas.ts";

const minute = 60_000;
/** A count that takes no longer however much goes on. */
const mostCounted = 100_000;

/** The log, its subscribers, and how far behind they are. */
export async function readMonitor(deps: Deps): Promise<Monitor> {
  const { db, env } = deps;
  const [size, ends, lastMinute, dead, backlog] = await Promise.all([
    selectSize(db),
    selectEnds(db),
    countSince(db, Date.now() - minute, mostCounted),
    countDeadLetters(db),
    backlogOf(deps, env.EVENTS_QUEUE),
  ]);
  const consumers = await Promise.all(
    Object.entries(subscriptions).map(async ([name, events]) => {
      const queue = inboxQueueOf(name);
      const behind = await backlogOf(deps, inboxOf(env, name));
      return { name, queue, events: [...events], backlog: behind, dead_letters: dead.get(queue) ?? 0 };
    }),
  );
  return {
    streams: [{ name: "log", queue: eventsQueue, backlog, last_minute: lastMinute, ...size, ...ends }],
    consumers,
  };
}

/** Null where a queue cannot be asked: the rest is worth knowing all the same. */
async function backlogOf({ invocation }: Deps, queue: QueueBinding): Promise<Backlog> {
  try {
    const { backlogCount, oldestMessageTimestamp: oldest } = await queue.metrics();
    // Cloudflare says 1970 of an empty queue.
    const waits = backlogCount > 0 && oldest !== undefined && oldest.getTime() > 0;
    return {
      messages: backlogCount,
      oldest_at: waits ? oldest.toISOString() : null,
      lag_s: waits ? Math.max(0, (Date.now() - oldest.getTime()) / 1_000) : 0,
    };
  } catch (error) {
    invocation.log.warn("A queue cannot say how much waits in it", { fault: describeError(error) });
    return null;
  }
}
