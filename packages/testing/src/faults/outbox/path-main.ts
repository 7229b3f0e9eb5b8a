/**
 * The whole path of events in a process of its own: a relay that empties auth's outbox, the events service, and a
 * subscriber, until it is told to stop. It kills itself as `claimed` with a batch claimed and not sent, as `sent` with one
 * sent and not settled, as `logged` with one in the log and in no inbox, as `fanned` with one in the inbox and not
 * acknowledged.
 */
import { randomBytes } from "node:crypto";
import { type Envelope, eventsQueue, inboxQueueOf, subscriptions } from "@trivet/contracts";
import {
  type Database,
  inboxTable,
  once,
  openDatabase,
  outboxTable,
  relay,
  sendEnvelopes,
  transaction,
} from "@trivet/db";
import { consume, postgresQueues, type QueueConsumer, queueBinding } from "@trivet/host/queues";
import { natsQueues } from "@trivet/host/queues/nats";
import { createStore } from "@trivet/host/store";
import { type DatabaseBinding, type MessageBatch, type QueueBinding, serviceLogger } from "@trivet/platform";
import { sql } from "drizzle-orm";
import { pgSchema } from "drizzle-orm/pg-core";
import events from "../../../../../workers/events/src/worker.ts";

const { AUTH = "", EVENTS = "", USERS = "", HOST = "", NATS_URL, NATS_PREFIX = "" } = process.env;
const [, , crash = ""] = process.argv;

const binding = (connectionString: string): DatabaseBinding => ({ connectionString, keep: (make) => make() });
const open = (url: string): Database => openDatabase(binding(url), { service: "path", defer: () => {} });
const [auth, users] = [open(AUTH), open(USERS)];
const outbox = outboxTable(pgSchema("auth"));
const inbox = inboxTable(pgSchema("users"));
const driver = NATS_URL
  ? natsQueues({ servers: NATS_URL.split(","), prefix: NATS_PREFIX })
  : postgresQueues(createStore(HOST).database);
const produce = (queue: string): QueueBinding => queueBinding({ binding: "QUEUE", queue, deliveryDelay: 0 }, driver);
const [all, theirs] = [produce(eventsQueue), produce(inboxQueueOf("users"))];

const dieIf = (step: string): void => {
  if (crash === step) process.kill(process.pid, "SIGKILL");
};

/** Of those whom nobody plays here. */
const otherInboxes = Object.fromEntries(
  Object.keys(subscriptions).map((service) => [`INBOX_${service.toUpperCase()}`, produce(inboxQueueOf(service))]),
);

const env = {
  ...otherInboxes,
  PUBLIC_URL: "http://fault.test",
  SERVICE_JWT_SECRET: randomBytes(32).toString("hex"),
  // Whatever keeps a process from its work is told, where a test would only find that nothing arrives.
  LOG_LEVEL: "error",
  DB: binding(EVENTS),
  EVENTS_QUEUE: all,
  INBOX_USERS: {
    ...theirs,
    async sendBatch(messages) {
      dieIf("logged");
      await theirs.sendBatch(messages);
      dieIf("fanned");
    },
  } satisfies QueueBinding,
};

const consumer = (queue: string, maxBatchSize: number): QueueConsumer => ({
  ...{ queue, maxBatchSize, maxBatchTimeout: 0, maxRetries: 100, retryDelay: 0 },
  ...{ deadLetterQueue: undefined, maxConcurrency: undefined },
});
const log = serviceLogger("path");
const consuming = [
  consume(
    driver,
    consumer(eventsQueue, 100),
    async (batch) => events.queue(batch, env, { waitUntil: () => undefined }),
    log,
  ),
  consume(driver, consumer(inboxQueueOf("users"), 10), takeEffect, log),
];

/** What a subscriber does: an effect, in the transaction that notes the event's id. */
async function takeEffect({ messages }: MessageBatch): Promise<void> {
  for (const { body } of messages) {
    const envelope = sent(body);
    await transaction(users, (tx) =>
      once(tx, inbox, envelope, async () => {
        await tx.execute(
          sql`INSERT INTO users.received (subject, sent_at) VALUES (${envelope.subject}, ${envelope.timestamp})`,
        );
      }),
    );
  }
}

/** The events service sends nothing else. */
const sent = (body: unknown): Envelope => body as Envelope;

let stopped = false;
process.on("SIGTERM", () => {
  stopped = true;
});
await Promise.all([auth.execute(sql`SELECT 1`), users.execute(sql`SELECT 1`)]);
process.stdout.write("ready\n");

while (!stopped) {
  await relay({
    db: auth,
    outbox,
    async send(envelopes) {
      dieIf("claimed");
      await sendEnvelopes(all, envelopes);
      dieIf("sent");
    },
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
}
await Promise.all(consuming.map((one) => one.drain()));
await driver.close();
process.exit();
