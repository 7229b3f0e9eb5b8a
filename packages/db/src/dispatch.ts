import { type Envelope, type EventContract, eventsQueue } from "@trivet/contracts";
import { describeError, type Invocation, type QueueBinding } from "@trivet/platform";
import type { z } from "zod";
import { type Database, sharedDatabase, type Transaction } from "./open.ts";
import { type Outbox, publish } from "./outbox.ts";
import { relay } from "./relay.ts";
import { sendFor } from "./send-envelopes.ts";
import { transaction } from "./transaction.ts";

/** What it takes to get events from a service's outbox on their way. */
export interface Dispatch {
  db: Database;
  outbox: Outbox;
  invocation: Invocation;
  /** The queue of all events. */
  events: QueueBinding;
}

/** Tells of an event with the transaction it belongs to, and answers its id; `subject` is the id of whom it is about. */
export type Announce = <Event extends EventContract>(
  event: Event,
  subject: string,
  data: z.input<Event["data"]>,
) => Promise<string>;

/** Waits between later tries, in milliseconds: within what a Worker may do after its answer. */
const pauses = [500, 1_000, 2_000, 4_000, 8_000];

/**
 * Runs `effect` in a transaction. What it announces is stored with it, or not at all, and goes on its
 * way once it is committed, without the caller waiting for it.
 */
export async function announcing<Result>(
  dispatch: Dispatch,
  effect: (tx: Transaction, announce: Announce) => Promise<Result>,
): Promise<Result> {
  let announced = false;
  const result = await transaction(dispatch.db, (tx) =>
    effect(tx, async (event, subject, data) => {
      announced = true;
      return await publish(tx, dispatch.outbox, event, subject, data, dispatch.invocation);
    }),
  );
  if (announced) sendSoon(dispatch);
  return result;
}

/** Sends off what has just been committed, after the answer. */
export function sendSoon(dispatch: Dispatch): void {
  dispatch.invocation.waitUntil(sendOff(dispatch).then((done) => (done ? undefined : keepTrying(dispatch))));
}

async function keepTrying(dispatch: Dispatch): Promise<void> {
  for (const pause of pauses) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    if (await sendOff(dispatch)) return;
  }
}

interface Runs {
  current: Promise<boolean>;
  /** The run that follows the current one, for whoever comes meanwhile. */
  following: Promise<boolean> | undefined;
}

/**
 * By database, because that is what tells whose promises may be waited for: on the host invocations
 * share one, on Workers each has its own and never sees another's runs.
 */
const underway = new WeakMap<Database, Runs>();

/**
 * Sends off what waits in the outbox; whether all of it is stored in the queue. Of many calls at once one runs and
 * one follows, which takes everything committed until it starts, and the others leave it to that one:
 * a relay for each of a thousand follows would keep the database busier than the follows do.
 */
export function sendOff(dispatch: Dispatch): Promise<boolean> {
  const runs = underway.get(sharedDatabase(dispatch.db));
  if (runs) {
    runs.following ??= runs.current.then(() => begin(dispatch));
    return runs.following;
  }
  return begin(dispatch);
}

function begin(dispatch: Dispatch): Promise<boolean> {
  const mine: Runs = { current: run(dispatch), following: undefined };
  const home = sharedDatabase(dispatch.db);
  underway.set(home, mine);
  void mine.current.then(() => {
    if (mine.following === undefined) underway.delete(home);
  });
  return mine.current;
}

/** What cannot be sent stays in the outbox for a later run, so a failure here loses nothing. */
async function run({ db, outbox, invocation, events }: Dispatch): Promise<boolean> {
  const send = (envelopes: readonly Envelope[]) => sendFor(invocation, { queue: events, name: eventsQueue }, envelopes);
  try {
    const { left } = await relay({ db, outbox, send });
    return left === 0;
  } catch (error) {
    invocation.log.warn("Events wait in the outbox", { fault: describeError(error) });
    return false;
  }
}
