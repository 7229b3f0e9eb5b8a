import { type Envelope, inboxQueueOf, subscribersOf } from "@trivet/contracts";
import { sendFor } from "@trivet/db";
import type { Deps } from "../deps.ts";
import { inboxOf } from "../env.ts";

/** Sends events to the inboxes of those who listen to them, or of one of these. What could not be sent comes back by its id, with the cause. */
export async function fanOut(
  { env, invocation }: Pick<Deps, "env" | "invocation">,
  envelopes: readonly Envelope[],
  only?: string,
): Promise<Map<string, unknown>> {
  const bySubscriber = new Map<string, Envelope[]>();
  for (const envelope of envelopes) {
    for (const subscriber of subscribersOf(envelope.event)) {
      if (only !== undefined && subscriber !== only) continue;
      bySubscriber.set(subscriber, [...(bySubscriber.get(subscriber) ?? []), envelope]);
    }
  }
  const failed = new Map<string, unknown>();
  await Promise.all(
    [...bySubscriber].map(async ([subscriber, theirs]) => {
      try {
        await sendFor(invocation, { queue: inboxOf(env, subscriber), name: inboxQueueOf(subscriber) }, theirs);
      } catch (cause) {
        for (const { id } of theirs) failed.set(id, cause);
      }
    }),
  );
  return failed;
}
