import { newId } from "@trivet/platform";
import { depthLimit, type Outgoing, type QueueDriver } from "../driver.ts";
import { durable, type Jet, openJet, subjectOf } from "./connection.ts";
import { readLetters, redriveLetters } from "./letters.ts";
import { headersOf } from "./message.ts";
import type { NatsSettings } from "./servers.ts";
import { subscribe } from "./subscription.ts";

/** Of a publication that nobody answers, which is made again under the same id and so stored once. */
const publishTimeout = 2_000;
const publishTries = 3;

/** Queues as work-queue streams of JetStream. It is connected to when something is first sent or consumed. */
export function natsQueues(settings: NatsSettings): QueueDriver {
  const { prefix } = settings;
  let opening: Promise<Jet> | undefined;
  const jet = (): Promise<Jet> =>
    (opening ??= openJet(settings).catch((error: unknown) => {
      opening = undefined;
      throw error;
    }));

  const publish = async (queue: string, message: Outgoing): Promise<void> => {
    const id = newId();
    const made = headersOf(id, message, Date.now());
    for (let tries = 1; ; tries += 1) {
      try {
        const { client, ensure } = await jet();
        await ensure(queue);
        const options = { msgID: id, headers: made, timeout: publishTimeout };
        await client.publish(subjectOf(prefix, queue), message.body, options);
        return;
      } catch (error) {
        if (tries === publishTries) throw new Error(`Queue send failed: ${reasonOf(error)}`, { cause: error });
      }
    }
  };

  return {
    // JetStream 2.9 stores messages one by one: of a batch that is refused, some may be there.
    async send(queue, messages) {
      await Promise.all(messages.map((message) => publish(queue, message)));
    },
    consume: (queue, { size }) => subscribe(jet, prefix, queue, size),
    async depth(queue) {
      const { manager, ensure } = await jet();
      const { num_pending, num_ack_pending } = await manager.consumers.info(await ensure(queue), durable);
      return { waiting: Math.min(num_pending, depthLimit), held: Math.min(num_ack_pending, depthLimit) };
    },
    async backlog(queue) {
      const { manager, ensure } = await jet();
      const { state } = await manager.streams.info(await ensure(queue));
      const { messages, bytes, first_ts } = state;
      return { messages, bytes, oldestSentAt: messages === 0 ? undefined : Date.parse(String(first_ts)) };
    },
    browse: async (queue, count) => await readLetters(await jet(), queue, count),
    redrive: async (queue) => await redriveLetters(await jet(), prefix, queue),
    async close() {
      const opened = await opening?.catch(() => undefined);
      await opened?.connection.drain();
    },
  };
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
