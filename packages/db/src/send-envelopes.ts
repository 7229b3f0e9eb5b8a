import type { Envelope } from "@trivet/contracts";
import type { QueueBinding } from "@trivet/platform";

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
