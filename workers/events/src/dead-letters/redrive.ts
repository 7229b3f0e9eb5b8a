import { eventsQueue, inboxQueueOf, subscriptions } from "@trivet/contracts";
import { transaction } from "@trivet/db";
import { type QueueBinding, TrivetError } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { type Env, inboxOf } from "../env.ts";
import { lockDeadLetter, lockDeadLetters, markRedriven, selectDeadLetter } from "../queries/dead-letters.ts";
import type { RedriveFilter, WholeDeadLetter } from "../schemas.ts";

/** Of one transaction, which holds them meanwhile. */
const batchSize = 50;
/** Milliseconds after which a long backlog is left to the next request. */
const runTime = 10_000;

/**
 * Sends a letter to the queue in which it died, as a message never tried. Of several who ask at once one does; who dies
 * between sending and committing leaves a letter that may be sent again, which its consumer knows by the event's id.
 *
 * Throws `not_found`, `conflict` where it has been driven again, `unprocessable` where nobody consumes its queue any more.
 */
export async function redriveDeadLetter(deps: Deps, id: string): Promise<WholeDeadLetter> {
  return await transaction(deps.db, async (tx) => {
    const letter = await lockDeadLetter(tx, id);
    if (!letter) {
      if (!(await selectDeadLetter(tx, id))) throw new TrivetError("not_found");
      throw new TrivetError(
        "conflict",
        "This letter has been driven again, or is being. If it died once more, there is a new one.",
      );
    }
    const queue = queueNamed(deps.env, letter.queue);
    if (!queue)
      throw new TrivetError("unprocessable", `Nobody consumes the queue ${letter.queue} any more. Delete the letter.`);
    await queue.send(JSON.parse(letter.body));
    await markRedriven(tx, [id]);
    const redriven = await selectDeadLetter(tx, id);
    if (!redriven) throw new Error("The letter just driven again is not there.");
    return { ...redriven, body: JSON.parse(redriven.body) };
  });
}

/** Likewise all that a filter names and that have not been; `more` when the time was up before the last. */
export async function redriveDeadLetters(
  deps: Deps,
  filter: RedriveFilter,
): Promise<{ redriven: number; more: boolean }> {
  const queues = filter.queue === undefined ? knownQueues() : [filter.queue];
  const stopAt = Date.now() + runTime;
  let redriven = 0;
  for (const name of queues) {
    const queue = queueNamed(deps.env, name);
    if (!queue) throw new TrivetError("unprocessable", `Nobody consumes a queue ${name}.`);
    for (let sent = batchSize; sent === batchSize; redriven += sent) {
      if (Date.now() >= stopAt) return { redriven, more: true };
      sent = await redriveSome(deps, queue, { ...filter, queue: name });
    }
  }
  return { redriven, more: false };
}

async function redriveSome(deps: Deps, queue: QueueBinding, filter: RedriveFilter): Promise<number> {
  return await transaction(deps.db, async (tx) => {
    const letters = await lockDeadLetters(tx, filter, batchSize);
    // One by one: a letter may be as large as half of what a batch may be.
    for (const { body } of letters) await queue.send(JSON.parse(body));
    if (letters.length > 0)
      await markRedriven(
        tx,
        letters.map(({ id }) => id),
      );
    return letters.length;
  });
}

const knownQueues = (): string[] => [eventsQueue, ...Object.keys(subscriptions).map(inboxQueueOf)];

function queueNamed(env: Env, name: string): QueueBinding | undefined {
  if (name === eventsQueue) return env.EVENTS_QUEUE;
  const subscriber = Object.keys(subscriptions).find((service) => inboxQueueOf(service) === name);
  return subscriber === undefined ? undefined : inboxOf(env, subscriber);
}
