import { deliverEvent, type Envelope, type EventContract, subscribersOf } from "@trivet/contracts";
import { createCall, describeError, type Invocation, type ServiceBinding } from "@trivet/platform";
import type { z } from "zod";
import type { Database, Transaction } from "./open.ts";
import { type Outbox, publish } from "./outbox.ts";
import { relay } from "./relay.ts";
import { transaction } from "./transaction.ts";

/** What it takes to get events from a service's outbox to their subscribers. */
export interface Dispatch {
  db: Database;
  outbox: Outbox;
  invocation: Invocation;
  /** Signs the calls by which events are delivered. */
  secret: string;
  /** How subscribers are reached, by the names of their services. */
  subscribers: Readonly<Record<string, ServiceBinding>>;
}

/** Tells of an event with the transaction it belongs to; `subject` is the id of whom it is about. */
export type Announce = <Event extends EventContract>(
  event: Event,
  subject: string,
  data: z.input<Event["data"]>,
) => Promise<void>;

/** Milliseconds a subscriber has to take an event. The deadline of the request that caused it is no measure. */
const deliveryTime = 5_000;
/** How long an answer waits for its event to arrive; after that the event travels on its own. */
const patience = 2_000;
/** Waits between later tries, in milliseconds: within what a Worker may do after its answer. */
const pauses = [500, 1_000, 2_000, 4_000, 8_000];

/**
 * Runs `effect` in a transaction. What it announces is stored with it, or not at all, and goes on its
 * way once it is committed, without the caller waiting for the delivery.
 */
export async function announcing<Result>(
  dispatch: Dispatch,
  effect: (tx: Transaction, announce: Announce) => Promise<Result>,
): Promise<Result> {
  let announced = false;
  const result = await transaction(dispatch.db, (tx) =>
    effect(tx, async (event, subject, data) => {
      announced = true;
      await publish(tx, dispatch.outbox, event, subject, data, dispatch.invocation);
    }),
  );
  if (announced) sendSoon(dispatch);
  return result;
}

/** Sends off what has just been committed, after the answer: for events that nobody waits for. */
export function sendSoon(dispatch: Dispatch): void {
  dispatch.invocation.waitUntil(sendOff(dispatch).then((done) => (done ? undefined : keepTrying(dispatch))));
}

/** Sends off what has just been committed, and returns when it has arrived or after a short while. */
export async function sendNow(dispatch: Dispatch): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, patience, false);
  const work = sendOff(dispatch);
  dispatch.invocation.waitUntil(work);
  const done = await Promise.race([work, late]);
  clearTimeout(timer);
  if (!done) dispatch.invocation.waitUntil(keepTrying(dispatch));
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
 * Sends off what waits in the outbox; whether all of it arrived. Of many calls at once one runs and
 * one follows, which takes everything committed until it starts, and the others leave it to that one:
 * a relay for each of a thousand follows would keep the database busier than the follows do.
 */
export function sendOff(dispatch: Dispatch): Promise<boolean> {
  const { db } = dispatch;
  const runs = underway.get(db);
  if (runs) {
    runs.following ??= runs.current.then(() => begin(dispatch));
    return runs.following;
  }
  return begin(dispatch);
}

function begin(dispatch: Dispatch): Promise<boolean> {
  const mine: Runs = { current: run(dispatch), following: undefined };
  underway.set(dispatch.db, mine);
  void mine.current.then(() => {
    if (mine.following === undefined) underway.delete(dispatch.db);
  });
  return mine.current;
}

/** What cannot be delivered stays in the outbox for a later run, so a failure here loses nothing. */
async function run(dispatch: Dispatch): Promise<boolean> {
  const { db, outbox, invocation } = dispatch;
  try {
    const { failed } = await relay({ db, outbox, deliver: (envelope) => deliver(dispatch, envelope) });
    return failed === 0;
  } catch (error) {
    invocation.log.warn("Events wait in the outbox", { fault: describeError(error) });
    return false;
  }
}

/** Hands an event to everybody who listens to it; rejects unless all of them have it. */
async function deliver({ invocation, secret, subscribers }: Dispatch, envelope: Envelope): Promise<void> {
  const call = createCall({ ...invocation, deadline: Date.now() + deliveryTime }, secret);
  await Promise.all(
    subscribersOf(envelope.event).map(async (subscriber) => {
      const binding = subscribers[subscriber];
      if (!binding)
        throw new Error(`${invocation.service} has no binding by which to reach its subscriber ${subscriber}.`);
      await call(binding, deliverEvent(subscriber), { body: envelope });
    }),
  );
}
