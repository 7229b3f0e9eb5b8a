import { type Envelope, type EventContract, inboxQueueOf, userCreated, userDeleted } from "@trivet/contracts";
import { encryptionKeys } from "@trivet/http";
import { newId, newTrace, type QueueMessage, saysEncrypted, sealRequest } from "@trivet/platform";
import { createTestDatabase } from "@trivet/testing";
import postgres from "postgres";
import worker from "../../src/worker.ts";
import { type AuthStandIn, authStandIn } from "./auth-stand-in.ts";

export interface Answer {
  status: number;
  headers: Headers;
  /** The parsed body; undefined for an empty one. */
  body: unknown;
}

interface RequestOptions {
  as?: Person;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface Person {
  id: string;
  username: string;
  token: string;
}

interface SentEvent {
  event: string;
  subject: string;
  data: Record<string, unknown>;
}

/** The users service on a database of its own, beside a stand-in for auth. */
export interface UsersSystem {
  auth: AuthStandIn;
  sql: postgres.Sql;
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  /** A GET as a service makes it that talks encrypted. */
  encrypted(service: string, path: string, options?: RequestOptions): Promise<Answer>;
  /** An account, its token, and its profile. */
  person(name?: string): Promise<Person>;
  /** An account and its token; users has not heard of it. */
  account(name?: string): Promise<Person>;
  /** Delivers an event through the inbox; what its handler said of it. */
  deliver(envelope: Envelope): Promise<"acknowledged" | "to come again">;
  /** Runs a cron as the host does at its ticks. */
  tick(cron: string): Promise<void>;
  created(id: string): Envelope;
  deleted(id: string): Envelope;
  /** The events announced since the last time this was asked, in order. */
  events(): Promise<SentEvent[]>;
  stop(): Promise<void>;
}

const settings = {
  PUBLIC_URL: "http://localhost:8787",
  SERVICE_JWT_SECRET: "0123456789abcdef0123456789abcdef0123",
  AUTH_KEY: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
  USERS_KEY: "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8",
  LOG_LEVEL: "fatal",
};

const ring = encryptionKeys.parse(settings.USERS_KEY);

export async function startUsers(): Promise<UsersSystem> {
  const database = await createTestDatabase();
  const sql = postgres(database.adminUrl, { max: 2, onnotice: () => {} });
  await recordEvents(sql);
  const auth = await authStandIn(settings);
  const closers: (() => Promise<void>)[] = [];
  const keep = <T>(open: () => T, close: (resource: T) => Promise<void>): T => {
    const resource = open();
    closers.push(() => close(resource));
    return resource;
  };
  const env = {
    ...settings,
    DB: { connectionString: database.urls.users, keep },
    AUTH: auth.binding,
    EVENTS_QUEUE: {
      send: async () => undefined,
      sendBatch: async () => undefined,
      metrics: async () => ({ backlogCount: 0 }),
    },
  };

  const send = async (method: string, path: string, headers: Headers, body: unknown): Promise<Answer> => {
    const pending: Promise<unknown>[] = [];
    const init: RequestInit = { method, headers };
    if (body !== undefined) {
      headers.set("content-type", "application/json");
      init.body = JSON.stringify(body);
    }
    const request = new Request(`http://users${path}`, init);
    const response = await worker.fetch(request, env, { waitUntil: (promise) => void pending.push(promise) });
    const text = await response.text();
    await Promise.all(pending);
    return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
  };

  let made = 0;
  const system: UsersSystem = {
    auth,
    sql,
    async request(method, path, { as, body, headers } = {}) {
      const all = new Headers(headers);
      if (as) all.set("authorization", `Bearer ${as.token}`);
      return await send(method, path, all, body);
    },
    async encrypted(service, path, { headers } = {}) {
      const url = `http://users${path}`;
      const sealed = await sealRequest({ self: service, callee: "users", method: "GET", url, body: undefined }, ring);
      const request = new Request(url, { headers: { ...headers, ...sealed.headers } });
      const answer = await worker.fetch(request, env, { waitUntil: () => {} });
      const response = saysEncrypted(answer.headers) ? await sealed.open(answer) : answer;
      return { status: response.status, headers: response.headers, body: await response.json() };
    },
    async account(name = "person") {
      made += 1;
      const username = `${name}${made}`;
      const id = newId();
      const createdAt = new Date().toISOString();
      auth.accounts.set(id, { id, username, name, email: `${username}@example.com`, role: "user", createdAt });
      return { id, username, token: await auth.tokenFor({ id, username }) };
    },
    async person(name) {
      const person = await system.account(name);
      const verdict = await system.deliver(system.created(person.id));
      if (verdict !== "acknowledged") throw new Error(`user.created is ${verdict}`);
      return person;
    },
    async deliver(envelope) {
      const pending: Promise<unknown>[] = [];
      const verdicts: ("acknowledged" | "to come again")[] = [];
      const message: QueueMessage = {
        ...{ id: newId(), timestamp: new Date(), attempts: 1, body: envelope },
        ack: () => void verdicts.push("acknowledged"),
        retry: () => void verdicts.push("to come again"),
      };
      const batch = { queue: inboxQueueOf("users"), messages: [message], ackAll: () => {}, retryAll: () => {} };
      await worker.queue(batch, env, { waitUntil: (promise) => void pending.push(promise) });
      await Promise.all(pending);
      const [verdict] = verdicts;
      if (verdict === undefined) throw new Error("Nothing was said of the message.");
      return verdict;
    },
    async tick(cron) {
      const pending: Promise<unknown>[] = [];
      const controller = { cron, scheduledTime: Date.now(), noRetry: () => {} };
      await worker.scheduled(controller, env, { waitUntil: (promise) => void pending.push(promise) });
      await Promise.all(pending);
    },
    created: (userId) => envelopeOf(userCreated, userId),
    deleted: (userId) => envelopeOf(userDeleted, userId),
    async events() {
      const rows = await sql<SentEvent[]>`delete from public.sent_events returning position, event, subject, data`;
      return rows
        .toSorted((a, b) => Number(Object(a).position) - Number(Object(b).position))
        .map(({ event, subject, data }) => ({ event, subject, data }));
    },
    async stop() {
      for (const close of closers) await close();
      await sql.end();
      await database.drop();
    },
  };
  return system;
}

function envelopeOf(event: EventContract, userId: string): Envelope {
  const { traceId, spanId } = newTrace();
  return {
    id: newId(),
    event: event.name,
    version: event.version,
    service: event.service,
    subject: userId,
    timestamp: new Date().toISOString(),
    trace_id: traceId,
    span_id: spanId,
    data: { userId },
  };
}

/** Delivered events leave the outbox, so a trigger notes whatever comes into it. */
async function recordEvents(sql: postgres.Sql): Promise<void> {
  await sql`create table public.sent_events (position bigint primary key, event text, subject text, data jsonb)`;
  await sql.unsafe(`
    create function public.note_event() returns trigger language plpgsql security definer as $$
    begin
      insert into public.sent_events values (new.position, new.event, new.subject, new.data);
      return null;
    end $$`);
  await sql`create trigger note_event after insert on users.outbox for each row execute function public.note_event()`;
}
