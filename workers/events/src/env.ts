import { subscriptions } from "@trivet/contracts";
import { databaseBinding, queueBinding, serviceEnv } from "@trivet/http";
import type { QueueBinding } from "@trivet/platform";
import { z } from "zod";

const own = serviceEnv.extend({
  DB: databaseBinding,
  EVENTS_QUEUE: queueBinding,
  /** Days for which the log keeps an event. */
  EVENTS_RETENTION_DAYS: z.coerce.number().int().min(1).max(3_650).default(90),
  /** Days for which a dead letter is kept after it was driven again, or, where nobody did that, after it died. */
  DEAD_LETTERS_RETENTION_DAYS: z.coerce.number().int().min(1).max(3_650).default(90),
});

/** By what name the inbox of a subscriber is bound: `INBOX_USERS`. */
const inboxBinding = (service: string): `INBOX_${string}` => `INBOX_${service.toUpperCase().replaceAll("-", "_")}`;

const inboxes: Record<`INBOX_${string}`, typeof queueBinding> = Object.fromEntries(
  Object.keys(subscriptions).map((service) => [inboxBinding(service), queueBinding]),
);

/** With an inbox for everybody who subscribes to something. */
export const env = own.extend(inboxes);

export type Env = z.output<typeof env>;

/** The inbox of a subscriber that `subscriptions` names. */
export function inboxOf(bindings: Env, service: string): QueueBinding {
  const inbox = bindings[inboxBinding(service)];
  if (!inbox) throw new Error(`There is no inbox of ${service}.`);
  return inbox;
}
