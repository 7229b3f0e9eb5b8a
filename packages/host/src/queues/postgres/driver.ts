import type { LastingDatabase } from "@trivet/db/lasting";
import { newId } from "@trivet/platform";
import { coalesce } from "../coalesce.ts";
import type { Letter, QueueDriver } from "../driver.ts";
import { type Announcer, createAnnouncer } from "./announcer.ts";
import { type Consumer, createConsumer } from "./consumer.ts";
import { contentTypeOf } from "./content-type.ts";
import {
  countMessages,
  insertMessages,
  type LetterRow,
  measureBacklog,
  type NewMessage,
  redriveMessages,
  selectMessages,
} from "./queries.ts";

/** Calls in a statement, and bytes of their bodies. */
const storing = { lanes: 2, limit: 500, weightLimit: 1_000_000 };

/** Queues in the host's schema. `database` is asked for with the first use. */
export function postgresQueues(database: () => LastingDatabase): QueueDriver {
  let announcing: Announcer | undefined;
  let consuming: Consumer | undefined;
  const announcer = (): Announcer => (announcing ??= createAnnouncer(database()));
  const consumer = (): Consumer => (consuming ??= createConsumer(database(), announcer()));

  const store = coalesce<NewMessage[], true>({ ...storing, weigh: bytesOf }, async (calls) => {
    const messages = calls.flat();
    // What is delayed is found by the clock.
    const queues = [...new Set(messages.filter(({ delaySeconds }) => delaySeconds === 0).map(({ queue }) => queue))];
    const along = announcer().along(queues);
    await insertMessages(database(), messages, along);
    announcer().later(queues.filter((queue) => !along.includes(queue)));
    for (const queue of queues) consuming?.ring(queue);
    return calls.map(() => true);
  });

  return {
    async send(queue, messages) {
      await store(messages.map((message) => ({ ...message, id: newId(), queue })));
    },
    consume: (queue, batches) => consumer().subscribe(queue, batches),
    depth: (queue) => countMessages(database(), queue),
    backlog: (queue) => measureBacklog(database(), queue),
    async browse(queue, count) {
      const rows = await selectMessages(database(), queue, count);
      return rows.map(letterOf);
    },
    async redrive(queue) {
      const queues = await redriveMessages(database(), queue);
      announcer().later([...new Set(queues)]);
      return queues.length;
    },
    async close() {
      announcing?.close();
      await consuming?.close();
    },
  };
}

const bytesOf = (messages: readonly NewMessage[]): number =>
  messages.reduce((sum, { body }) => sum + body.byteLength, 0);

const letterOf = (row: LetterRow): Letter => ({
  id: row.id,
  sentAt: row.sent * 1_000,
  contentType: contentTypeOf(row),
  body: row.body,
  origin: row.origin ?? undefined,
  cause: row.cause ?? undefined,
});
