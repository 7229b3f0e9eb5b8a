import type { JsMsg } from "@nats-io/jetstream";
import { startDeadline } from "../../drain/deadline.ts";
import { createBell } from "../bell.ts";
import type { Delivery, Subscription, Verdict } from "../driver.ts";
import { durable, type Jet, subjectOf } from "./connection.ts";
import { createHands } from "./hands.ts";
import { createIntake } from "./intake.ts";
import { headersOfDead, headersOfReturned, type Taken, takenOf, waitOf } from "./message.ts";

const ackTimeout = 3_000;
/** Milliseconds in which what is on its way comes. */
const gap = 5;

/** What comes beyond what was asked for is kept for the next who asks, and said to be worked on like the rest. */
export function subscribe(jet: () => Promise<Jet>, prefix: string, queue: string, size: number): Subscription {
  const bell = createBell();
  const hands = createHands();
  const buffer: Taken[] = [];
  let closed = false;

  const admit = (message: JsMsg): void => {
    const wait = waitOf(message);
    if (wait !== undefined) {
      message.nak(wait);
      return;
    }
    const taken = takenOf(message);
    hands.take(taken);
    // What cannot be given back now is another's when this process has been silent for long enough.
    if (closed) giveBack(taken).catch(() => undefined);
    else buffer.push(taken);
  };
  const open = async () => {
    const { client, ensure } = await jet();
    return await client.consumers.get(await ensure(queue), durable);
  };
  const intake = createIntake(open, admit, bell.ring);

  /** As a new message that has had one attempt less: the server counts every delivery. */
  const giveBack = async (taken: Taken): Promise<void> => {
    if (!hands.hold(taken)) return;
    hands.drop(taken);
    const { client } = await jet();
    const options = { msgID: `${taken.id} back ${taken.source.seq}`, headers: headersOfReturned(taken) };
    await client.publish(subjectOf(prefix, queue), taken.body, options);
    await taken.source.ackAck({ timeout: ackTimeout });
  };

  const receive = async (count: number, signal: AbortSignal): Promise<Delivery[]> => {
    while (!signal.aborted) {
      bell.hush();
      const failure = intake.failure();
      if (failure) throw failure.error;
      const first = buffer[0];
      if (first) {
        // What the server counted behind it is on its way, unless others were quicker.
        const whole = Math.min(count, buffer.length + intake.due, 1 + first.source.info.pending);
        using late = startDeadline(gap);
        const either = AbortSignal.any([signal, late.signal]);
        while (buffer.length < whole && !either.aborted) {
          await bell.rung(either);
          bell.hush();
        }
        return buffer.splice(0, count).filter(hands.hold);
      }
      intake.ask(count);
      await bell.rung(signal);
    }
    return [];
  };

  return {
    receive: (batches, signal) => receive(batches * size, signal),
    receiveMore: receive,
    // Nothing counts the batches of other processes here.
    ended: async () => {},
    holds: (delivery) => hands.hold(takenFrom(delivery)),
    async settle(delivery, verdict) {
      const taken = takenFrom(delivery);
      const ours = hands.hold(taken);
      if (ours) await apply(await jet(), prefix, queue, taken, verdict);
      hands.drop(taken);
      return ours;
    },
    async release(deliveries) {
      await Promise.all(deliveries.map((delivery) => giveBack(takenFrom(delivery))));
    },
    async close() {
      closed = true;
      await Promise.allSettled(buffer.splice(0).map(giveBack));
      hands.close();
      const { connection } = await jet();
      await connection.flush();
    },
  };
}

async function apply(jet: Jet, prefix: string, queue: string, taken: Taken, verdict: Verdict): Promise<void> {
  if (verdict.kind === "retry") {
    taken.source.nak(verdict.delaySeconds * 1_000);
    return;
  }
  if (verdict.kind === "dead" && verdict.to !== undefined) {
    await jet.ensure(verdict.to);
    // Under an id of this one burial: should the acknowledgement fail it is not buried twice, and can be another time.
    const options = {
      msgID: `${taken.id} from ${queue} ${taken.source.seq}`,
      headers: headersOfDead(taken, queue, verdict.cause),
    };
    await jet.client.publish(subjectOf(prefix, verdict.to), taken.body, options);
  }
  await taken.source.ackAck({ timeout: ackTimeout });
}

/** Deliveries come back to the subscription that made them. */
const takenFrom = (delivery: Delivery): Taken => delivery as Taken;
