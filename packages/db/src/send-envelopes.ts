import type { Envelope } from "@trivet/contracts";
import { beginSpan, faultName, type Invocation, messagingSystem, type QueueBinding } from "@trivet/platform";

/** What a queue takes at once: Cloudflare's limits, where 1 KB is 1,000 bytes; some of them are left for its own use. */
const mostMessages = 100;
const mostBytes = 240_000;

const encoder = new TextEncoder();

/** Sends in order, in as few batches as the limits allow. Rejects when one was not stored; those before it were. */
export async function sendEnvelopes(queue: QueueBinding, envelopes: readonly Envelope[]): Promise<void> {
  let batch: { body: Envelope }[] = [];
  let bytes = 0;
  for (const body of envelopes) {
    const size = encoder.encode(JSON.stringify(body)).byteLength;
    if (batch.length === mostMessages || (batch.length > 0 && bytes + size > mostBytes)) {
      await queue.sendBatch(batch);
      [batch, bytes] = [[], 0];
    }
    batch.push({ body });
    bytes += size;
  }
  if (batch.length > 0) await queue.sendBatch(batch);
}

/** A queue, and what it is called in traces. */
export interface Destination {
  queue: QueueBinding;
  name: string;
}

/**
 * Likewise, as a piece of the invocation's work whose span links to the work that announced the events
 * (https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/).
 */
export async function sendFor(
  invocation: Pick<Invocation, "service" | "trace" | "spans">,
  { queue, name }: Destination,
  envelopes: readonly Envelope[],
): Promise<void> {
  const origins = new Map(envelopes.map(({ trace_id: traceId, span_id: spanId }) => [spanId, { traceId, spanId }]));
  const span = beginSpan(invocation, "producer", `send ${name}`, [...origins.values()]);
  const attributes = {
    "messaging.system": messagingSystem,
    "messaging.operation.name": "send",
    "messaging.operation.type": "send",
    "messaging.destination.name": name,
    "messaging.batch.message_count": envelopes.length,
  };
  try {
    await sendEnvelopes(queue, envelopes);
    span.end(attributes);
  } catch (error) {
    span.end({ ...attributes, "error.type": faultName(error) }, error);
    throw error;
  }
}
