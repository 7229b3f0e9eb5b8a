import { describeError, type MessageBatch, type QueueMessage, type QueueRetryOptions } from "@trivet/platform";
import type { QueueConsumer } from "../manifest/index.ts";
import type { Delivery, Verdict } from "./driver.ts";
import { decodeBody } from "./encoding.ts";

/** What a handler has said of one message. */
type Said = { kind: "ack" } | { kind: "retry"; delaySeconds: number | undefined; cause?: unknown };

/** What a handler is given, and what it has said by the time it is done. */
export interface Judged {
  batch: MessageBatch;
  /** In the order of the deliveries. `failure` is what the handler threw, if it did. */
  verdicts(failure: unknown): Verdict[];
}

/**
 * Cloudflare's rules: what was called first on a message holds; what was called on a message holds against what was
 * called on the batch; the first call on the batch holds; and only what nothing was called on depends on whether the
 * handler threw.
 * https://developers.cloudflare.com/queues/configuration/batching-retries/
 */
export function judge(deliveries: readonly Delivery[], consumer: QueueConsumer): Judged {
  const said = new Map<Delivery, Said>();
  let ofAll: Said | undefined;
  const say = (delivery: Delivery, what: Said): void => {
    const before = said.get(delivery);
    // A retry may be said again, with another delay; nothing else may be taken back.
    if (before === undefined ? mayStill(ofAll, what) : before.kind === "retry" && what.kind === "retry") {
      said.set(delivery, what);
    }
  };
  const messages = deliveries.map((delivery): QueueMessage => {
    let decoded: { body: unknown } | undefined;
    return {
      id: delivery.id,
      timestamp: new Date(delivery.sentAt),
      // When it is asked for: one that cannot be read then fails its handler, and not the host.
      get body() {
        decoded ??= { body: decodeBody(delivery) };
        return decoded.body;
      },
      attempts: delivery.attempts,
      ...(delivery.cause !== undefined && { cause: delivery.cause }),
      ack: () => say(delivery, { kind: "ack" }),
      retry: (options) => say(delivery, { kind: "retry", delaySeconds: delayOf(options), cause: options?.cause }),
    };
  });
  return {
    batch: {
      queue: consumer.queue,
      messages,
      ackAll() {
        ofAll ??= { kind: "ack" };
      },
      retryAll(options) {
        if (ofAll?.kind !== "ack") ofAll = { kind: "retry", delaySeconds: delayOf(options), cause: options?.cause };
      },
    },
    verdicts: (failure) =>
      deliveries.map((delivery) => {
        const implied: Said = failure === undefined ? { kind: "ack" } : { kind: "retry", delaySeconds: undefined };
        const delayOfAll = ofAll?.kind === "retry" ? ofAll.delaySeconds : undefined;
        return verdict(said.get(delivery) ?? ofAll ?? implied, delayOfAll, delivery, consumer, failure);
      }),
  };
}

/** After `ackAll` nothing counts, after `retryAll` a message's own retry does. */
const mayStill = (ofAll: Said | undefined, what: Said): boolean =>
  ofAll === undefined || (ofAll.kind === "retry" && what.kind === "retry");

function verdict(
  said: Said,
  delayOfAll: number | undefined,
  { attempts }: Delivery,
  { maxRetries, retryDelay, deadLetterQueue }: QueueConsumer,
  failure: unknown,
): Verdict {
  if (said.kind === "ack") return said;
  if (attempts <= maxRetries) return { kind: "retry", delaySeconds: said.delaySeconds ?? delayOfAll ?? retryDelay };
  return { kind: "dead", to: deadLetterQueue, cause: causeOf(said.cause ?? failure) };
}

const longestCause = 500;

/** What an operator reads beside a dead letter; Postgres takes no NUL. */
function causeOf(failure: unknown): string {
  if (failure === undefined) return "The handler asked for a retry after the last one.";
  const { name, message } = describeError(failure);
  const text = failure instanceof Error ? `${name}: ${message}` : message;
  return text.slice(0, longestCause).toWellFormed().replaceAll("\u0000", "");
}

const longestDelay = 86_400;

function delayOf(options: QueueRetryOptions | undefined): number | undefined {
  const given = options?.delaySeconds;
  if (given === undefined) return undefined;
  return Math.min(Math.max(Math.trunc(Number(given)) || 0, 0), longestDelay);
}
