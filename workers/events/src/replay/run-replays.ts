import { type Envelope, inboxQueueOf, subscriptions } from "@trivet/contracts";
import { transaction } from "@trivet/db";
import { describeError, sha1 } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { inboxOf } from "../env.ts";
import { fanOut } from "../log/fan-out.ts";
import { selectBeyond } from "../queries/log.ts";
import { endReplay, lockDueReplay, moveReplay, postponeReplay } from "../queries/replays.ts";
import type { LoggedEvent, Replay } from "../schemas.ts";
import { longestReplay } from "./longest-replay.ts";

/** Milliseconds of one run: whoever stops the process waits for it. */
const runTime = 5_000;
const batch = { events: 100, positions: 10_000 };
/** Messages that wait in an inbox: beyond them what is new would come late for the sake of what is old. */
const fullInbox = 5_000;
const pauses = { fault: 60, fullInbox: 20 };

/**
 * Takes replays further, batch by batch and in turn, until nothing is due or the time is up; the rest is for the next
 * run. How far one has come is committed after each batch, so a run that dies has the last batch sent again, which the
 * inboxes know by the ids.
 */
export async function runReplays(deps: Deps): Promise<void> {
  const until = Date.now() + runTime;
  while (Date.now() < until && (await takeOneFurther(deps)));
}

/** False where there is nothing to do. */
async function takeOneFurther(deps: Deps): Promise<boolean> {
  const { db, invocation } = deps;
  let current: Replay | undefined;
  try {
    return await transaction(db, async (tx) => {
      const replay = await lockDueReplay(tx);
      current = replay;
      if (!replay) return false;
      if (Date.parse(replay.createdAt) + longestReplay < Date.now()) {
        await endReplay(tx, replay.id, "failed", "It took longer than a day. What is left may be replayed anew.");
        return true;
      }
      const full = await fullInboxOf(deps, replay);
      if (full !== undefined) {
        await postponeReplay(tx, replay.id, `${full} is full. It goes on when there is room.`, pauses.fullInbox);
        return true;
      }
      const end = Math.min(replay.lastPosition, replay.position + batch.positions);
      const range = { after: replay.position, upTo: end, limit: batch.events };
      const events = await selectBeyond(tx, spanOf(replay), range);
      await send(deps, replay, events);
      const position = events.length < batch.events ? end : (events.at(-1)?.position ?? end);
      await moveReplay(tx, replay.id, { position, sent: replay.sent + events.length });
      if (position >= replay.lastPosition) await endReplay(tx, replay.id, "finished");
      return true;
    });
  } catch (error) {
    const fault = describeError(error);
    invocation.log.warn("A replay could not go on", { replay: current?.id, fault });
    if (!current) return false;
    await postponeReplay(db, current.id, "What came next could not be sent. It is tried again.", pauses.fault);
    return true;
  }
}

const spanOf = ({ event, from, to }: Replay) => ({
  event: event ?? undefined,
  from: from ?? undefined,
  to: to ?? undefined,
});

async function send(deps: Deps, replay: Replay, events: readonly LoggedEvent[]): Promise<void> {
  const envelopes = events.map(
    ({ position: _, received_at: __, ...envelope }): Envelope => ({
      ...envelope,
      id: replay.force ? replayedId(replay.id, envelope.id) : envelope.id,
    }),
  );
  const failed = await fanOut(deps, envelopes, replay.subscriber ?? undefined);
  for (const cause of failed.values()) throw cause;
}

/** An inbox that takes no more for now, if any. One that cannot be asked is taken to have room. */
async function fullInboxOf({ env }: Deps, { subscriber }: Replay): Promise<string | undefined> {
  for (const name of subscriber === null ? Object.keys(subscriptions) : [subscriber]) {
    const waiting = await inboxOf(env, name)
      .metrics()
      .catch(() => undefined);
    if ((waiting?.backlogCount ?? 0) >= fullInbox) return inboxQueueOf(name);
  }
  return undefined;
}

/**
 * By what id an event goes that is to be handled as if it were new: the same however often the batch is sent, so that it
 * takes effect once for each replay. A UUIDv8 (RFC 9562, 5.8).
 */
export function replayedId(replay: string, event: string): string {
  const hex = sha1(`${replay} ${event}`);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
