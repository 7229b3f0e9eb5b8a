import type { Envelope, EventContract } from "@trivet/contracts";
import {
  type InvocationContext,
  type MessageBatch,
  newId,
  newTrace,
  type QueueBinding,
  type QueueMessage,
  type QueueSendRequest,
} from "@trivet/platform";
import { invocation } from "./invocation.ts";

/** A queue that is written to, and may be down. */
export interface WrittenQueue {
  sent: unknown[];
  down: boolean;
  /** How many it says are waiting; as many as were sent unless given. */
  waiting?: number;
  binding: QueueBinding;
}

export function writtenQueue(): WrittenQueue {
  const store = (messages: Iterable<QueueSendRequest>): void => {
    if (queue.down) throw new Error("Queue sendBatch failed");
    queue.sent.push(...[...messages].map(({ body }) => JSON.parse(JSON.stringify(body))));
  };
  const queue: WrittenQueue = {
    sent: [],
    down: false,
    binding: {
      send: async (body) => store([{ body }]),
      sendBatch: async (messages) => store(messages),
      metrics: async () => ({ backlogCount: queue.waiting ?? queue.sent.length, backlogBytes: 0 }),
    },
  };
  return queue;
}

/** What was said of a message. */
export interface Verdict {
  kind: "ack" | "retry";
  delaySeconds?: number | undefined;
  cause?: unknown;
}

export interface DeliverOptions {
  attempts?: number;
  cause?: string;
  /** One for each body; new ones when left out. */
  messageIds?: readonly string[];
}

/** Hands messages to a consumer in one batch, and returns what was said of each. */
export async function deliver<Env>(
  worker: { queue(batch: MessageBatch, env: Env, ctx: InvocationContext): void | Promise<void> },
  env: Env,
  queue: string,
  bodies: readonly unknown[],
  { attempts = 1, cause, messageIds }: DeliverOptions = {},
): Promise<Verdict[]> {
  const verdicts = new Map<number, Verdict>();
  const say = (index: number, verdict: Verdict): void => {
    if (!verdicts.has(index)) verdicts.set(index, verdict);
  };
  const messages = bodies.map(
    (body, index): QueueMessage => ({
      ...{ id: messageIds?.[index] ?? newId(), timestamp: new Date(), attempts, body },
      ...(cause !== undefined && { cause }),
      ack: () => say(index, { kind: "ack" }),
      retry: (options) => say(index, { kind: "retry", ...options }),
    }),
  );
  const batch: MessageBatch = {
    queue,
    messages,
    ackAll() {
      for (const message of messages) message.ack();
    },
    retryAll(options = {}) {
      for (const message of messages) message.retry(options);
    },
  };
  await invocation((ctx) => worker.queue(batch, env, ctx));
  return bodies.map((_, index) => verdicts.get(index) ?? { kind: "ack" });
}

/** An event about `subject` as its publisher announces it. */
export function envelopeOf(event: EventContract, subject: string, data: Envelope["data"]): Envelope {
  const { traceId, spanId } = newTrace();
  return {
    ...{ id: newId(), event: event.name, version: event.version, service: event.service, subject },
    ...{ timestamp: new Date().toISOString(), trace_id: traceId, span_id: spanId, data },
  };
}
