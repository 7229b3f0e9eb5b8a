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
import { exportJWK, generateKeyPair, SignJWT } from "jose";
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
  /** The inbox of users, and the queue of events, as this service writes to them. */
  inbox: Written;
  queue: Written;
  /** As an administrator unless another role is named, or none. */
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  /** Hands messages over in one batch, and returns what was said of each. */
  deliver(bodies: readonly unknown[], options?: DeliverOptions): Promise<Verdict[]>;
  tick(cron: string): Promise<void>;
  logged(): Promise<string[]>;
  letters(): Promise<{ queue: string; event: string | null; cause: string | null; attempts: number; body: string }[]>;
  stop(): Promise<void>;
}

export interface Answer {
  status: number;
  headers: Headers;
  /** The parsed body; undefined for an empty one. */
  body: unknown;
}

interface RequestOptions {
  role?: "admin" | "moderator" | "user" | undefined;
  body?: unknown;
  headers?: Record<string, string>;
}

interface DeliverOptions {
  queue?: string;
  attempts?: number;
  cause?: string;
  /** One for each body; new ones when left out. */
  messageIds?: readonly string[];
}

const adminId = "019a9f00-0000-7000-8000-0000000000ad";

export const secret = "0123456789abcdef0123456789abcdef0123";

const settings = {
  PUBLIC_URL: "http://localhost:8787",
  SERVICE_JWT_SECRET: secret,
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
  const queue: Written = { sent: [], down: false };
  const { publicKey, privateKey } = await generateKeyPair("EdDSA");
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: "test", alg: "EdDSA", use: "sig" }] };
  const env = {
    ...settings,
    DB: { connectionString: database.urls.events, keep },
    AUTH: { fetch: async () => Response.json(jwks) },
    EVENTS_QUEUE: queueInto(queue),
    INBOX_USERS: queueInto(inbox),
    INBOX_ANALYTICS: queueInto({ sent: [], down: false }),
  };
  const tokenOf = (role: string) =>
    new SignJWT({ sid: adminId, role, username: "chief" })
      .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid: "test" })
      .setIssuer(settings.PUBLIC_URL)
      .setAudience("trivet")
      .setSubject(adminId)
      .setIssuedAt()
      .setExpirationTime("10m")
      .setJti(adminId)
      .sign(privateKey);
  const waiting = async (work: (ctx: { waitUntil(promise: Promise<unknown>): void }) => void | Promise<void>) => {
    const pending: Promise<unknown>[] = [];
    await work({ waitUntil: (promise) => void pending.push(promise) });
    await Promise.all(pending);
  };
  return {
    sql,
    inbox,
    queue,
    async request(method, path, { body, headers, ...who } = {}) {
      const all = new Headers(headers);
      const role = "role" in who ? who.role : "admin";
      if (role !== undefined) all.set("authorization", `Bearer ${await tokenOf(role)}`);
      if (body !== undefined) all.set("content-type", "application/json");
      const init = { method, headers: all, ...(body !== undefined && { body: JSON.stringify(body) }) };
      const pending: Promise<unknown>[] = [];
      const request = new Request(`http://events${path}`, init);
      const response = await worker.fetch(request, env, { waitUntil: (promise) => void pending.push(promise) });
      const text = await response.text();
      await Promise.all(pending);
      return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
    },
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
  return {
    send: async (body) => store([{ body }]),
    sendBatch: async (messages) => store(messages),
    metrics: async () => ({ backlogCount: written.sent.length }),
  };
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
