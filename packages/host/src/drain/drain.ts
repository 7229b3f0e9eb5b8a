import type { Background } from "../context/index.ts";
import type { Scheduler } from "../crons/index.ts";
import type { Kept } from "../hyperdrive/index.ts";
import { hostLog } from "../logs/index.ts";
import type { Queues } from "../queues/index.ts";
import type { Server } from "../server/index.ts";
import type { HttpBinding } from "../services/index.ts";
import type { Store } from "../store/index.ts";
import { startDeadline } from "./deadline.ts";

/** What a running host holds. */
export interface Holdings {
  servers: readonly Server[];
  scheduler: Scheduler | undefined;
  background: Background;
  siblings: readonly HttpBinding[];
  kept: Kept;
  store?: Store | undefined;
  queues?: Queues | undefined;
}

// Work that matters is also kept where it survives, as events are in the outbox; a sibling that is down too
// must not hold everybody up until the time is up.
const backgroundPatience = 3_000;

/**
 * Gives everything back in the order that loses nothing: answers first, then the work they left behind,
 * then the connections both needed. Says whether all of it was done before the time was up.
 */
export async function drain(
  { servers, scheduler, background, siblings, kept, store, queues }: Holdings,
  milliseconds: number,
): Promise<boolean> {
  const began = performance.now();
  using deadline = startDeadline(milliseconds);
  const drained = Promise.all([queues?.drain(), scheduler?.drain()]).then(() => true);
  await Promise.all(servers.map((server) => server.drain(deadline.signal)));
  await deadline.bound(drained);
  using patience = startDeadline(backgroundPatience);
  await deadline.bound(patience.bound(background.settled()));
  const unfinished = background.size;
  const cut = deadline.signal.aborted || unfinished > 0;
  if (cut) {
    hostLog.warn(
      "Requests or background work were cut off after {milliseconds} ms; {unfinished} pieces of background work were left",
      {
        milliseconds: Math.round(performance.now() - began),
        unfinished,
      },
    );
  }
  const ownStore = async (): Promise<void> => {
    // What is still held is given back first.
    await queues?.close();
    await store?.close();
  };
  const closing = Promise.allSettled([...siblings.map((sibling) => sibling.close()), kept.close(), ownStore()]);
  // Pools close in no time once nobody uses them; they get a moment even when the budget is spent.
  using moment = startDeadline(Math.min(1_000, milliseconds));
  for (const result of (await moment.bound(closing)) ?? []) {
    if (result.status === "rejected") hostLog.error("A connection did not close", { error: result.reason });
  }
  return !cut;
}
