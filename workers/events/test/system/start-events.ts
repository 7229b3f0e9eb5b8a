import { type Envelope, eventsQueue } from "@trivet/contracts";
import {
  type MessageBatch,
  newId,
  newTrace,
  type QueueBinding,
  type QueueMessage,
  type QueueSendRequest,
} from "@trivet/platform";
import { createTestDatabase } from "@trivet/testing";
import postgres from "postgres";
import worker from "../../src/worker.ts";

/** What was said of a message. */
export interface Verdict {
  kind: "ack" | "retry";
  delaySeconds?: number | undefined;
  cause?: unknown;
}

/** A queue that is written to, and may be down. */
interface Written {
  sent: unknown[];
  down: boolean;
}

/** The events service on a database of its own, between queues that are lists. */
export interface EventsSystem {
  sql: postgres.Sql;
  inbox: Written;
  /** Hands messages over in one batch, and returns what was said of each. */
  deliver(bodies: readonly unknown[], options?: DeliverOptions): Promise<Verdict[]>;
  tick(cron: string): Promise<void>;
  logged(): Promise<string[]>;
  letters(): Promise<{ queue: string; event: string | null; cause: string | null; attempts: number; body: string }[]>;
  stop(): Promise<void>;
}

interface DeliverOptions {
  queue?: string;
  attempts?: number;
  cause?: string;
  /** One for each body; new ones when left out. */
  messageIds?: readonly string[];
}

const settings = {
  PUBLIC_URL: "http://localhost:8787",
  SERVICE_JWT_SECRET: "0123456789abcdef0123456789abcdef0123",
  LOG_LEVEL: "fatal",
  EVENTS_RETENTION_DAYS: "30",
};

export async function startEvents(): Promise<EventsSystem> {
  const database = await createTestDatabase();
  const sql = postgres(database.adminUrl, { max: 2, onnotice: () => {} });
  const closers: (() => Promise<void>)[] = [];
  const keep = <T>(open: () => T, close: (resource: T) => Promise<void>): T => {
    const resource = open();
    closers.push(() => close(resource));
    return resource;
  };
  const inbox: Written = { sent: [], down: false };
  const env = {
    ...settings,
    DB: { connectionString: database.urls.events, keep },
    INBOX_USERS: queueInto(inbox),
    INBOX_ANALYTICS: queueInto({ sent: [], down: false }),
  };
  const waiting = async (work: (ctx: { waitUntil(promise: Promise<unknown>): void }) => void | Promise<void>) => {
    const pending: Promise<unknown>[] = [];
    await work({ waitUntil: (promise) => void pending.push(promise) });
    await Promise.all(pending);
  };
  return {
    sql,
    inbox,
    async deliver(bodies, { queue = eventsQueue, attempts = 1, cause, messageIds } = {}) {
      const verdicts = new Map<number, Verdict>();
      const say = (index: number, verdict: Verdict): void => {
        if (!verdicts.has(index)) verdicts.set(index, verdict);
      };
      const messages = bodies.map(
        (body, index): QueueMessage => ({
          ...{ id: messageIds?.[index] ?? newId(), timestamp: new Date(), attempts, body },
          ...(cause !== undefined && { cause }),
          ack: () => say(index, { kind: "ack" }),
          retry: (options) => say(index, { kind: "retry", ...options }),
        }),
      );
      const batch: MessageBatch = {
        queue,
        messages,
        ackAll() {
          for (const message of messages) message.ack();
        },
        retryAll(options = {}) {
          for (const message of messages) message.retry(options);
        },
      };
      await waiting((ctx) => worker.queue(batch, env, ctx));
      return bodies.map((_, index) => verdicts.get(index) ?? { kind: "ack" });
    },
    tick: (cron) =>
      waiting((ctx) => worker.scheduled({ cron, scheduledTime: Date.now(), noRetry: () => {} }, env, ctx)),
    logged: async () => (await sql<{ id: string }[]>`SELECT id FROM events.log ORDER BY position`).map(({ id }) => id),
    letters: async () => [
      ...(await sql<{ queue: string; event: string | null; cause: string | null; attempts: number; body: string }[]>`
        SELECT queue, event, cause, attempts, body FROM events.dead_letters ORDER BY id`),
    ],
    async stop() {
      for (const close of closers) await close();
      await sql.end();
      await database.drop();
    },
  };
}

function queueInto(written: Written): QueueBinding {
  const store = (messages: Iterable<QueueSendRequest>): void => {
    if (written.down) throw new Error("Queue sendBatch failed");
    written.sent.push(...[...messages].map(({ body }) => JSON.parse(JSON.stringify(body))));
  };
  return { send: async (body) => store([{ body }]), sendBatch: async (messages) => store(messages) };
}

/** An event as auth announces it. */
export function created(changes: Partial<Envelope> = {}): Envelope {
  const userId = newId();
  const { traceId, spanId } = newTrace();
  return {
    ...{ id: newId(), event: "user.created", version: 1, service: "auth", subject: userId },
    ...{ timestamp: new Date().toISOString(), trace_id: traceId, span_id: spanId, data: { userId } },
    ...changes,
  };
}
