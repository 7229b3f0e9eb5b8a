import { JetStreamApiError } from "@nats-io/jetstream";
import type { Letter } from "../driver.ts";
import { durable, type Jet, subjectOf } from "./connection.ts";
import { headersOf, letterOf } from "./message.ts";

const noMessage = 10_037;

/** By their places in the stream: reading takes nothing out. */
export async function readLetters({ manager, ensure }: Jet, queue: string, count: number): Promise<Letter[]> {
  const stream = await ensure(queue);
  const { state } = await manager.streams.info(stream);
  const letters: Letter[] = [];
  for (let seq = state.first_seq; seq <= state.last_seq && letters.length < count; seq += 1) {
    try {
      const message = await manager.streams.getMessage(stream, { seq });
      if (message) letters.push(letterOf(message.header, message.data, message));
    } catch (error) {
      if (!(error instanceof JetStreamApiError && error.code === noMessage)) throw error;
    }
  }
  return letters;
}

/** Published before it is acknowledged: who dies between the two leaves one that is found to be there already. */
export async function redriveLetters({ client, ensure }: Jet, prefix: string, queue: string): Promise<number> {
  const consumer = await client.consumers.get(await ensure(queue), durable);
  let redriven = 0;
  for (;;) {
    const { num_pending } = await consumer.info();
    if (num_pending === 0) return redriven;
    const messages = await consumer.fetch({ max_messages: Math.min(num_pending, 100), expires: 1_000 });
    for await (const message of messages) {
      const { id, sentAt, origin, contentType, body } = letterOf(message.headers, message.data, message);
      if (origin === undefined) {
        message.nak();
        continue;
      }
      await ensure(origin);
      const headers = headersOf(id, { contentType, body, delaySeconds: 0 }, sentAt);
      await client.publish(subjectOf(prefix, origin), body, { msgID: `${id} again ${message.seq}`, headers });
      await message.ackAck();
      redriven += 1;
    }
  }
}
