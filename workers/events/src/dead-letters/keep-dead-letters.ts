import { id, text } from "@trivet/contracts";
import { newId, type QueueMessage } from "@trivet/platform";
import { z } from "zod";
import type { Deps } from "../deps.ts";
import { insertDeadLetters } from "../queries/dead-letters.ts";

/** A message that its consumer gave up. */
export interface DeadLetter {
  /** Where it died. */
  queue: string;
  message: QueueMessage;
  cause: string | undefined;
  attempts: number;
}

/** What may be read of a letter that may hold anything. */
const readable = z.object({
  event: text({ max: 100 }).optional().catch(undefined),
  id: id.optional().catch(undefined),
});

const longestCause = 1_000;

/** Keeps letters for whoever looks at them, each once however often it comes. */
export async function keepDeadLetters({ db }: Pick<Deps, "db">, letters: readonly DeadLetter[]): Promise<void> {
  await insertDeadLetters(
    db,
    letters.map(({ queue, message, cause, attempts }) => {
      const body = bodyOf(message);
      const about = readable.safeParse(body).data;
      return {
        id: newId(),
        queue,
        messageId: message.id,
        event: about?.event ?? null,
        eventId: about?.id ?? null,
        body: JSON.stringify(body) ?? "null",
        cause: cause === undefined ? null : storable(cause),
        attempts,
        sentAt: message.timestamp.toISOString(),
      };
    }),
  );
}

/** What cannot be read is nothing. */
function bodyOf(message: QueueMessage): unknown {
  try {
    return message.body;
  } catch {
    return null;
  }
}

const storable = (cause: string): string => cause.slice(0, longestCause).toWellFormed().replaceAll("\u0000", "");
