import { inboxRetries } from "@trivet/contracts";
import type { MessageBatch } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { keepDeadLetters } from "./keep-dead-letters.ts";

const suffix = /-dead$/;
const longestPause = 3_600;

/** What becomes of the messages of a dead-letter queue: kept, until somebody looks at them. A repeat is there already. */
export async function takeDeadLetters(deps: Deps, batch: MessageBatch): Promise<void> {
  const { queue, messages } = batch;
  const died = queue.replace(suffix, "");
  try {
    await keepDeadLetters(
      deps,
      messages.map((message) => ({ queue: died, message, cause: message.cause, attempts: inboxRetries + 1 })),
    );
    batch.ackAll();
  } catch (cause) {
    const attempts = Math.max(...messages.map((message) => message.attempts));
    batch.retryAll({ cause, delaySeconds: Math.min(2 ** (attempts - 1), longestPause) });
  }
}
