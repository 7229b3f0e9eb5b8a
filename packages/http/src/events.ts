import { envelope, inboxQueueOf } from "@trivet/contracts";
import type { QueueHandler } from "./handlers.ts";
import type { EventHandler } from "./route.ts";

/** What has a service's queues and events. */
export interface Listener<Deps> {
  name: string;
  events?: readonly EventHandler<Deps>[];
  queues?: Readonly<Record<string, QueueHandler<Deps>>>;
}

/** What a service does with its queues, its inbox of events among them where it listens to any. */
export function queuesOf<Deps>({ name, events = [], queues = {} }: Listener<Deps>): Record<string, QueueHandler<Deps>> {
  return events.length === 0 ? { ...queues } : { ...queues, [inboxQueueOf(name)]: inbox(events) };
}

/** An event that nobody here listens to any more is acknowledged. */
const inbox = <Deps>(handlers: readonly EventHandler<Deps>[]): QueueHandler<Deps> => ({
  async each(deps, message) {
    const event = envelope.parse(message.body);
    for (const handler of handlers) {
      if (handler.event.name === event.event) await handler.handle(deps, event);
    }
  },
  retryAfter: inboxPause,
});

const firstPause = 1;
const longestPause = 600;

/** Seconds until an event is delivered again: what it lacks may be back soon, or in some hours. */
const inboxPause = (attempts: number): number => Math.min(firstPause * 2 ** (attempts - 1), longestPause);
