import type { QueueBinding, QueueMetrics, QueueSendOptions, QueueSendRequest } from "@trivet/platform";
import type { QueueProducer } from "../manifest/index.ts";
import type { Outgoing, QueueDriver } from "./driver.ts";
import { encodeBody } from "./encoding.ts";

// https://developers.cloudflare.com/queues/platform/limits/, where 1 KB is 1,000 bytes.
const messageBytes = 128_000;
const batchMessages = 100;
const batchBytes = 256_000;
const longestDelay = 86_400;

/** The binding of one `[[queues.producers]]`: what Cloudflare would refuse is refused before it reaches a driver. */
export function queueBinding({ queue, deliveryDelay }: QueueProducer, driver: QueueDriver): QueueBinding {
  return {
    async send(body: unknown, options: QueueSendOptions = {}): Promise<void> {
      const delaySeconds = delayOf("send", options.delaySeconds ?? deliveryDelay);
      const message = { ...encodeBody(body, options.contentType), delaySeconds };
      refuseLong("send", message);
      await driver.send(queue, [message]);
    },
    async sendBatch(requests: Iterable<QueueSendRequest>, options: { delaySeconds?: number } = {}): Promise<void> {
      const messages = [...requests].map(({ body, contentType, delaySeconds }): Outgoing => {
        const delay = delayOf("sendBatch", delaySeconds ?? options.delaySeconds ?? deliveryDelay);
        return { ...encodeBody(body, contentType), delaySeconds: delay };
      });
      refuseBatch(messages);
      await driver.send(queue, messages);
    },
    async metrics(): Promise<QueueMetrics> {
      const { messages, bytes, oldestSentAt } = await driver.backlog(queue);
      return {
        backlogCount: messages,
        backlogBytes: bytes,
        ...(oldestSentAt !== undefined && { oldestMessageTimestamp: new Date(oldestSentAt) }),
      };
    },
  };
}

type Method = "send" | "sendBatch";

function refuseBatch(messages: readonly Outgoing[]): void {
  if (messages.length === 0) throw new TypeError("sendBatch() requires at least one message");
  if (messages.length > batchMessages) {
    throw tooLarge("sendBatch", `batch message count of ${messages.length} exceeds limit of ${batchMessages}`);
  }
  for (const message of messages) refuseLong("sendBatch", message);
  const bytes = messages.reduce((sum, { body }) => sum + body.byteLength, 0);
  if (bytes > batchBytes) throw tooLarge("sendBatch", `batch size of ${bytes} bytes exceeds limit of ${batchBytes}`);
}

function refuseLong(method: Method, { body }: Outgoing): void {
  if (body.byteLength > messageBytes) {
    throw tooLarge(method, `message length of ${body.byteLength} bytes exceeds limit of ${messageBytes}`);
  }
}

/** As a Web IDL long: workerd takes 1.5 for 1, and what is no number for 0. */
function delayOf(method: Method, given: number): number {
  const seconds = Math.trunc(Number(given)) || 0;
  if (seconds >= 0 && seconds <= longestDelay) return seconds;
  throw new Error(
    `Queue ${method} failed: Bad Request: message delay ${seconds} is invalid, it must be 0 to ${longestDelay} seconds`,
  );
}

const tooLarge = (method: Method, what: string): Error =>
  new Error(`Queue ${method} failed: Payload Too Large: ${what}`);
