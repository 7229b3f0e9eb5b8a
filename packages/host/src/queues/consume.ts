import type { Logger, MessageBatch } from "@trivet/platform";
import { startDeadline } from "../drain/deadline.ts";
import type { QueueConsumer } from "../manifest/index.ts";
import type { Delivery, QueueDriver, Subscription, Verdict } from "./driver.ts";
import { judge } from "./verdicts.ts";

/** A Worker's `queue` handler with its bindings. */
export type HandleBatch = (batch: MessageBatch) => Promise<void>;

/** A queue being consumed by this process. */
export interface Consuming {
  /** Takes no new batch, and resolves when those under way are settled and the rest has been given back. */
  drain(): Promise<void>;
}

/** Batches at a time where `max_concurrency` does not say: Cloudflare's consumers grow with their backlog, up to 250. */
const defaultConcurrency = 10;
/** As long as Cloudflare lets a consumer run. A handler that goes on after it is no longer heard. */
const handlerPatience = 15 * 60_000;
/** How long whoever keeps the messages is left alone after a failure. */
const failurePause = 250;
/** Messages claimed at a time, or one batch: what waits in one process is waited for by the others. */
const mostReceived = 200;

export function consume(driver: QueueDriver, consumer: QueueConsumer, handle: HandleBatch, log: Logger): Consuming {
  const { queue, maxBatchSize, maxBatchTimeout } = consumer;
  const stopping = new AbortController();
  const { signal } = stopping;
  const subscription = driver.consume(queue, { size: maxBatchSize, most: consumer.maxConcurrency });
  const lanes = createLanes(consumer.maxConcurrency ?? defaultConcurrency, signal);
  const run = (deliveries: Delivery[]): void =>
    lanes.start(handleBatch(subscription, consumer, deliveries, handle, log).finally(() => subscription.ended()));

  /** Starts every full batch, and the last one when it has waited for its time. */
  async function round(): Promise<void> {
    const free = await lanes.free();
    if (signal.aborted) return;
    const batches = Math.max(1, Math.min(free, Math.floor(mostReceived / maxBatchSize)));
    const received = await subscription.receive(batches, signal);
    const whole = received.length - (received.length % maxBatchSize);
    for (let start = 0; start < whole; start += maxBatchSize) run(received.slice(start, start + maxBatchSize));
    const rest = received.slice(whole);
    if (rest.length === 0) return;
    try {
      await fill(subscription, rest, maxBatchSize, maxBatchTimeout, signal);
    } finally {
      if (signal.aborted) await subscription.release(rest).finally(() => subscription.ended());
      else run(rest);
    }
  }

  async function pump(): Promise<void> {
    let healthy = true;
    while (!signal.aborted) {
      try {
        await round();
        healthy = true;
      } catch (error) {
        if (healthy) log.error("The queue {queue} cannot be read; trying again until it can", { queue, error });
        healthy = false;
        await pause(failurePause);
      }
    }
  }

  const pumped = pump();
  return {
    async drain() {
      stopping.abort();
      await pumped;
      await lanes.idle();
      await subscription.close();
    },
  };
}

/** Waits for what makes a batch full, not longer than a batch may wait. */
async function fill(
  from: Subscription,
  batch: Delivery[],
  size: number,
  timeout: number,
  signal: AbortSignal,
): Promise<void> {
  if (timeout === 0) return;
  using patience = startDeadline(timeout * 1_000);
  const either = AbortSignal.any([signal, patience.signal]);
  while (batch.length < size && !either.aborted) batch.push(...(await from.receiveMore(size - batch.length, either)));
}

/** Never rejects: what goes wrong with a batch is its messages' business. */
async function handleBatch(
  from: Subscription,
  consumer: QueueConsumer,
  received: readonly Delivery[],
  handle: HandleBatch,
  log: Logger,
): Promise<void> {
  const { queue, maxRetries } = consumer;
  const ours = received.filter((delivery) => from.holds(delivery));
  // The process that had the last attempt did not live to say what became of it.
  const exhausted = ours.filter(({ attempts }) => attempts > maxRetries + 1);
  const cause = "The process that handled it ended or lost its lease.";
  await Promise.all(
    exhausted.map((one) => settle(from, one, { kind: "dead", to: consumer.deadLetterQueue, cause }, queue, log)),
  );
  const deliveries = ours.filter(({ attempts }) => attempts <= maxRetries + 1);
  if (deliveries.length === 0) return;
  const { batch, verdicts } = judge(deliveries, consumer);
  const failure = await failureOf(() => handle(batch));
  if (failure !== undefined) log.error("A batch of the queue {queue} failed", { queue, error: failure });
  const given = verdicts(failure);
  await Promise.all(
    deliveries.map((delivery, index) => settle(from, delivery, given[index] ?? { kind: "ack" }, queue, log)),
  );
}

/** Undefined when the handler returned, in time. */
async function failureOf(work: () => Promise<void>): Promise<unknown> {
  using patience = startDeadline(handlerPatience);
  try {
    const done = await patience.bound(work().then(() => true));
    return done ? undefined : new Error(`The handler did not return in ${handlerPatience / 60_000} minutes`);
  } catch (error) {
    return error ?? new Error("The handler failed without a reason");
  }
}

async function settle(
  from: Subscription,
  delivery: Delivery,
  verdict: Verdict,
  queue: string,
  log: Logger,
): Promise<void> {
  const said = { queue, id: delivery.id, attempts: delivery.attempts };
  if (verdict.kind === "dead") {
    const where = verdict.to === undefined ? "is dropped" : `goes to ${verdict.to}`;
    log.error(`A message of the queue {queue} ${where} after its last attempt: {cause}`, {
      ...said,
      cause: verdict.cause,
    });
  }
  for (;;) {
    try {
      if (await from.settle(delivery, verdict)) return;
      log.warn("What became of a message of the queue {queue} was refused: its lease had been lost", said);
      return;
    } catch (error) {
      // Ours until the lease is lost, and then somebody's who has it delivered again.
      if (from.holds(delivery)) await pause(failurePause);
      else {
        log.error("What became of a message of the queue {queue} could not be told; it is delivered again", {
          ...said,
          error,
        });
        return;
      }
    }
  }
}

/** The batches under way, so many at a time. */
interface Lanes {
  /** Resolves to how many are free, once one is; at once when it is time to stop. */
  free(): Promise<number>;
  start(batch: Promise<void>): void;
  idle(): Promise<void>;
}

function createLanes(count: number, stop: AbortSignal): Lanes {
  const running = new Set<Promise<void>>();
  let wake = (): void => {};
  stop.addEventListener("abort", () => wake(), { once: true });
  return {
    async free() {
      while (running.size >= count && !stop.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return count - running.size;
    },
    start(batch) {
      const tracked: Promise<void> = batch.finally(() => {
        running.delete(tracked);
        wake();
      });
      running.add(tracked);
    },
    async idle() {
      await Promise.all(running);
    },
  };
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
