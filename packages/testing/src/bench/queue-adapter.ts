import process from "node:process";
import { bootstrap, migrateUp, serviceUrl } from "@trivet/db/migrations";
import { consume, postgresQueues, type QueueConsumer, type QueueDriver, queueBinding } from "@trivet/host/queues";
import { createStore } from "@trivet/host/store";
import { serviceLogger } from "@trivet/platform";
import { migrationsOf } from "../database/migrations-on-disk.ts";

/** What the harness of `--peers` asks of a queue: see its README, `queue.adapter`. */
interface Queue {
  send(job: unknown): Promise<unknown>;
  sendMany(jobs: readonly unknown[]): Promise<unknown>;
  consume(handle: (job: unknown) => void): Promise<void>;
  close(): Promise<void>;
}

const queue = "bench";
const consumer: QueueConsumer = {
  queue,
  maxBatchSize: 100,
  // As the peers do, whoever is free takes what there is.
  maxBatchTimeout: 0,
  maxRetries: 3,
  deadLetterQueue: undefined,
  maxConcurrency: undefined,
  retryDelay: 0,
};

/** The path that a service's messages take: its binding, a driver, its handler's batches. */
export async function open({ databaseUrl }: { databaseUrl: string }): Promise<Queue> {
  const { BENCH_NATS_URL: natsUrl } = process.env;
  const { driver, close } = natsUrl ? await onNats(natsUrl) : await onPostgres(databaseUrl);
  const binding = queueBinding({ binding: "BENCH", queue, deliveryDelay: 0 }, driver);
  let consuming: ReturnType<typeof consume> | undefined;
  return {
    send: (job) => binding.send(job),
    sendMany: (jobs) => binding.sendBatch(jobs.map((body) => ({ body }))),
    async consume(handle) {
      const log = serviceLogger("bench");
      consuming = consume(
        driver,
        consumer,
        async ({ messages }) => {
          for (const { body } of messages) handle(body);
        },
        log,
      );
    },
    async close() {
      await consuming?.drain();
      await driver.close();
      await close();
    },
  };
}

interface Opened {
  driver: QueueDriver;
  close(): Promise<void>;
}

async function onPostgres(databaseUrl: string): Promise<Opened> {
  const url = await serviceUrl(databaseUrl, "host");
  await bootstrap(databaseUrl, "host", []);
  await migrateUp({ url, service: "host", migrations: migrationsOf("host") });
  const store = createStore(url);
  return { driver: postgresQueues(store.database), close: () => store.close() };
}

/** One run after the other: all of a run's processes open before it sends, and the last one to close leaves nothing. */
async function onNats(url: string): Promise<Opened> {
  const { natsQueues, removeStreams } = await import("@trivet/host/queues/nats");
  const prefix = "bench";
  await removeStreams(url, prefix);
  return { driver: natsQueues({ servers: url.split(","), prefix }), close: () => removeStreams(url, prefix) };
}
