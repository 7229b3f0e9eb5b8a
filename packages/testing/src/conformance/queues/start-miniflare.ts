import { build } from "esbuild";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { entry, type QueueSpec } from "./orders.ts";
import { type QueueSubject, subjectOf } from "./subject.ts";

/** The suite's Worker on workerd, with the queues that `wrangler dev` has. */
export async function startMiniflare(queues: readonly QueueSpec[]): Promise<QueueSubject> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    write: false,
    external: ["node:*"],
  });
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name: "queue-suite",
      // workerd remarks on every call that has no effect, which the suite makes on purpose.
      log: new Log(LogLevel.NONE),
      handleStructuredLogs: () => {},
      modules: true,
      script: outputFiles[0]?.text ?? "",
      compatibilityDate: "2026-10-01",
      compatibilityFlags: ["nodejs_compat"],
      queueProducers: Object.fromEntries(
        queues.map(({ binding, queue, delivery_delay }) => [
          binding,
          { queueName: queue, ...(delivery_delay !== undefined && { deliveryDelay: delivery_delay }) },
        ]),
      ),
      queueConsumers: Object.fromEntries(
        queues.flatMap(({ queue, consumer }) => (consumer ? [[queue, optionsOf(consumer)]] : [])),
      ),
    }),
  );
  await miniflare.ready;
  return subjectOf(
    (path, body) => miniflare.dispatchFetch(`http://suite${path}`, body === undefined ? {} : { method: "POST", body }),
    () => miniflare.dispose(),
  );
}

/** miniflare runs one batch of a queue at a time, whatever `max_concurrency` says. */
function optionsOf(consumer: NonNullable<QueueSpec["consumer"]>) {
  return {
    maxBatchSize: consumer.max_batch_size,
    maxBatchTimeout: consumer.max_batch_timeout,
    maxRetries: consumer.max_retries,
    ...(consumer.dead_letter_queue !== undefined && { deadLetterQueue: consumer.dead_letter_queue }),
    ...(consumer.retry_delay !== undefined && { retryDelay: consumer.retry_delay }),
  };
}
