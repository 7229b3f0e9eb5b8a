import { type Envelope, eventsQueue, subscriptions, userCreated } from "@trivet/contracts";
import { newId, type Role } from "@trivet/platform";
import {
  type Answer,
  envelopeOf,
  type Service,
  type ServiceRequest,
  startService,
  type WrittenQueue,
  writtenQueue,
} from "@trivet/testing";
import worker from "../../src/worker.ts";

interface DeadLetter {
  queue: string;
  event: string | null;
  cause: string | null;
  attempts: number;
  body: string;
}

/** The events service by itself, between queues that are lists. */
export interface EventsSystem extends Service {
  /** The inboxes of users and of analytics, and the queue of events, as this service writes to them. */
  inbox: WrittenQueue;
  analytics: WrittenQueue;
  queue: WrittenQueue;
  /** As an administrator unless another role is named, or none. */
  request(method: string, path: string, options?: ServiceRequest & { role?: Role | undefined }): Promise<Answer>;
  /** The answer to an administrator as it comes. */
  open(path: string, headers?: Record<string, string>): Promise<Response>;
  logged(): Promise<string[]>;
  letters(): Promise<DeadLetter[]>;
}

const adminId = "019a9f00-0000-7000-8000-0000000000ad";

/** `more` is on top of its settings. */
export async function startEvents(more: Record<string, string> = {}): Promise<EventsSystem> {
  const inbox = writtenQueue();
  const analytics = writtenQueue();
  const queue = writtenQueue();
  const service = await startService("events", worker, {
    EVENTS_RETENTION_DAYS: "30",
    ...more,
    EVENTS_QUEUE: queue.binding,
    ...inboxes(),
    INBOX_USERS: inbox.binding,
    INBOX_ANALYTICS: analytics.binding,
  });
  const { sql } = service;
  return {
    ...service,
    inbox,
    analytics,
    queue,
    async request(method, path, options = {}) {
      const role = "role" in options ? options.role : "admin";
      const as = role && { as: { token: await service.tokenOf({ id: adminId, role }) } };
      return await service.request(method, path, { ...options, ...as });
    },
    async open(path, headers) {
      const token = await service.tokenOf({ id: adminId, role: "admin" });
      const all = { ...headers, authorization: `Bearer ${token}` };
      return await service.fetch(new Request(`http://events${path}`, { headers: all }));
    },
    deliver: (bodies, options) => service.deliver(bodies, { queue: eventsQueue, ...options }),
    logged: async () => (await sql<{ id: string }[]>`SELECT id FROM events.log ORDER BY position`).map(({ id }) => id),
    letters: async () => [
      ...(await sql<DeadLetter[]>`SELECT queue, event, cause, attempts, body FROM events.dead_letters ORDER BY id`),
    ],
  };
}

/** Those of everybody who listens. */
const inboxes = () =>
  Object.fromEntries(
    Object.keys(subscriptions).map((service) => [`INBOX_${service.toUpperCase()}`, writtenQueue().binding]),
  );

/** An event as auth announces it. */
export function created(changes: Partial<Envelope> = {}): Envelope {
  const userId = newId();
  return { ...envelopeOf(userCreated, userId, { userId }), ...changes };
}
