import type { JsMsg } from "@nats-io/jetstream";
import { createBell } from "../bell.ts";
import type { Delivery, Subscription, Verdict } from "../driver.ts";
import { durable, type Jet, subjectOf } from "./connection.ts";
import { createHands } from "./hands.ts";
import { createIntake } from "./intake.ts";
import { headersOfDead, type Taken, takenOf, waitOf } from "./message.ts";

const ackTimeout = 3_000;

/** What comes beyond what was asked for is kept for the next who asks, and said to be worked on like the rest. */
export function subscribe(jet: () => Promise<Jet>, prefix: string, queue: string): Subscription {
  const bell = createBell();
  const hands = createHands();
  const buffer: Taken[] = [];
  let closed = false;

  const admit = (message: JsMsg): void => {
    const wait = waitOf(message);
    if (wait > 0 || closed) {
      message.nak(wait);
      return;
    }
    const taken = takenOf(message);
    hands.take(taken);
    buffer.push(taken);
    bell.ring();
  };
  const open = async () => {
    const { client, ensure } = await jet();
    return await client.consumers.get(await ensure(queue), durable);
  };
  const intake = createIntake(open, admit, bell.ring);

  const giveBack = (taken: Taken): void => {
    if (hands.hold(taken)) taken.source.nak();
    hands.drop(taken);
  };

  return {
    async receive(count, signal) {
      while (!signal.aborted) {
        bell.hush();
        const failure = intake.failure();
        if (failure) throw failure.error;
        const first = buffer[0];
        if (first) {
          const there = Math.min(first.source.info.pending, count - buffer.length);
          if (there > 0) await intake.fetch(there);
          return buffer.splice(0, count).filter(hands.hold);
        }
        intake.ask();
        await bell.rung(signal);
      }
      return [];
    },
    holds: (delivery) => hands.hold(takenFrom(delivery)),
    async settle(delivery, verdict) {
      const taken = takenFrom(delivery);
      const ours = hands.hold(taken);
      if (ours) await apply(await jet(), prefix, queue, taken, verdict);
      hands.drop(taken);
      return ours;
    },
    async release(deliveries) {
      for (const delivery of deliveries) giveBack(takenFrom(delivery));
    },
    async close() {
      closed = true;
      for (const taken of buffer.splice(0)) giveBack(taken);
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
