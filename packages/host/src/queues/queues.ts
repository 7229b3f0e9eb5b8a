import type { MessageBatch, QueueBinding } from "@trivet/platform";
import { serviceLogger } from "@trivet/platform";
import { Gauge, register } from "prom-client";
import type { QueueConsumer, QueueProducer } from "../manifest/index.ts";
import type { Callee } from "../services/index.ts";
import { queueBinding } from "./binding.ts";
import { type Consuming, consume } from "./consume.ts";
import type { QueueDriver } from "./driver.ts";

/** The queues that services of this process send to or consume. */
export interface Queues {
  bind(producer: QueueProducer): QueueBinding;
  /** What `start` is to hand to a Worker of this process. */
  add(consumer: QueueConsumer, callee: Callee): void;
  /** Begins to consume; the services answer by now. */
  start(): void;
  /** Takes nothing new; resolves when what is under way is done and the rest has been given back. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

const depthGauge = "queue_depth";

export function createQueues(driver: QueueDriver): Queues {
  const wanted: { consumer: QueueConsumer; callee: Callee }[] = [];
  const names = new Set<string>();
  let consuming: Consuming[] = [];
  return {
    bind(producer) {
      names.add(producer.queue);
      return queueBinding(producer, driver);
    },
    add(consumer, callee) {
      names.add(consumer.queue);
      if (consumer.deadLetterQueue !== undefined) names.add(consumer.deadLetterQueue);
      wanted.push({ consumer, callee });
    },
    start() {
      consuming = wanted.map(({ consumer, callee }) =>
        consume(driver, consumer, (batch) => handle(callee, batch), serviceLogger(callee.service)),
      );
      measureDepth(driver, names);
    },
    async drain() {
      await Promise.all(consuming.map((one) => one.drain()));
    },
    async close() {
      register.removeSingleMetric(depthGauge);
      await driver.close();
    },
  };
}

async function handle({ worker, env, context }: Callee, batch: MessageBatch): Promise<void> {
  await worker.queue?.(batch, env, context);
}

/** Counted when somebody collects, for a second host in the process (as in tests) by the first. */
function measureDepth(driver: QueueDriver, names: ReadonlySet<string>): void {
  if (names.size === 0 || register.getSingleMetric(depthGauge)) return;
  const gauge = new Gauge({
    name: depthGauge,
    help: "Messages of a queue that wait or are held by consumers, at most 100000 of them counted",
    labelNames: ["queue", "state"],
    async collect() {
      // One that cannot be counted now is left out; whoever collects has other things to read.
      await Promise.allSettled(
        [...names].map(async (queue) => {
          for (const [state, count] of Object.entries(await driver.depth(queue))) gauge.set({ queue, state }, count);
        }),
      );
    },
  });
}
