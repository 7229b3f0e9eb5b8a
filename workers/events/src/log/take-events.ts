import type { Envelope } from "@trivet/contracts";
import { isRefusedValue } from "@trivet/db";
import { describeError, type MessageBatch, type QueueMessage } from "@trivet/platform";
import { keepDeadLetters } from "../dead-letters/keep-dead-letters.ts";
import type { Deps } from "../deps.ts";
import { appendEvents } from "./append-events.ts";
import { dayOf, daysFrom } from "./days.ts";
import { fanOut } from "./fan-out.ts";
import { type ReadEnvelope, readEnvelope } from "./read-envelope.ts";

interface Taken {
  message: QueueMessage;
  envelope: Envelope;
}

/**
 * What becomes of the messages of the queue of events: into the log, then into the inboxes of the subscribers, and only
 * then acknowledged. A message that comes again, because the process died in between, is in the log already and is sent
 * again all the same; the inboxes of the subscribers know it by its id.
 */
export async function takeEvents(deps: Deps, { queue, messages }: MessageBatch): Promise<void> {
  const now = Date.now();
  const oldest = daysFrom(dayOf(now), -deps.env.EVENTS_RETENTION_DAYS).begins;
  const taken: Taken[] = [];
  for (const message of messages) {
    const read = bodyRead(message, oldest, now);
    if ("envelope" in read) taken.push({ message, envelope: read.envelope });
    else await bury(deps, queue, message, read.fault);
  }
  const written = await writeDown(deps, queue, taken);
  const failed = await fanOut(deps, envelopesOf(written));
  for (const { message, envelope } of written) {
    if (failed.has(envelope.id)) again(message, failed.get(envelope.id));
    else message.ack();
  }
}

/** A body that cannot even be read throws when it is asked for. */
function bodyRead(message: QueueMessage, oldest: number, now: number): ReadEnvelope {
  try {
    return readEnvelope(message.body, oldest, now);
  } catch (error) {
    return { fault: `Its body cannot be read: ${describeError(error).message}` };
  }
}

/** Those that are in the log now. When all together are refused, each goes by itself, so that one keeps back no other. */
async function writeDown(deps: Deps, queue: string, taken: readonly Taken[]): Promise<readonly Taken[]> {
  if (taken.length === 0) return [];
  try {
    await appendEvents(deps, envelopesOf(taken));
    return taken;
  } catch (cause) {
    if (!isRefusedValue(cause)) {
      for (const { message } of taken) again(message, cause);
      return [];
    }
    if (taken.length > 1) return (await Promise.all(taken.map((one) => writeDown(deps, queue, [one])))).flat();
    for (const { message } of taken) await bury(deps, queue, message, describeError(cause).message);
    return [];
  }
}

async function bury(deps: Deps, queue: string, message: QueueMessage, cause: string): Promise<void> {
  try {
    await keepDeadLetters(deps, [{ queue, message, cause, attempts: message.attempts }]);
    message.ack();
  } catch (error) {
    again(message, error);
  }
}

const longestPause = 600;

/** Later, and later still: what is missing is the database or a queue, and comes back. */
const again = (message: QueueMessage, cause: unknown): void =>
  message.retry({ cause, delaySeconds: Math.min(2 ** (message.attempts - 1), longestPause) });

const envelopesOf = (taken: readonly Taken[]): Envelope[] => taken.map(({ envelope }) => envelope);
