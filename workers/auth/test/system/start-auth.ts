import { type Envelope, envelope } from "@trivet/contracts";
import { encryptionKeys } from "@trivet/http";
import {
  type DatabaseBinding,
  mintServiceToken,
  type QueueBinding,
  saysEncrypted,
  sealRequest,
} from "@trivet/platform";
import { createTestDatabase } from "@trivet/testing";
import postgres from "postgres";
import worker from "../../src/worker.ts";
import { settings } from "./settings.ts";

export interface Answer {
  status: number;
  headers: Headers;
  /** The parsed JSON body; undefined for an empty one. */
  body: unknown;
  text: string;
}

interface RequestOptions {
  token?: string | undefined;
  body?: unknown;
  headers?: Record<string, string>;
  /** The client's address as the router tells it; null when nobody tells one. */
  from?: string | null;
}

/** The queue of events as auth sees it: it takes them, unless it is down. */
interface EventsStandIn {
  sent: Envelope[];
  down: boolean;
}

/** The auth service on a database of its own, beside a stand-in for the queue of events. */
export interface AuthSystem {
  events: EventsStandIn;
  sql: postgres.Sql;
  /** The database as the service is given it. */
  binding: DatabaseBinding;
  /** All that it is given. */
  env: Record<string, unknown>;
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  /** Like `request`, with a body, without waiting for what goes on after the answer. */
  post(path: string, body?: unknown, options?: RequestOptions): Promise<Answer>;
  get(path: string, token?: string): Promise<Answer>;
  /** As another service, with its token. */
  asService(name: string, method: string, path: string, body?: unknown): Promise<Answer>;
  /** The same service on the same database in another process: nothing in its memory, maybe other settings. */
  anotherProcess(overrides?: Record<string, unknown>): AuthSystem;
  /** Runs a cron as the host does at its ticks. */
  tick(cron: string): Promise<void>;
  /** Every event that was committed to the outbox, oldest first: they leave it at once. */
  announced(): Promise<{ event: string; subject: string; data: unknown }[]>;
  /** Work that goes on after the answers. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

export async function startAuth(overrides: Record<string, unknown> = {}): Promise<AuthSystem> {
  const database = await createTestDatabase();
  const sql = postgres(database.adminUrl, { max: 3, onnotice: () => {} });
  await sql`
    CREATE TABLE public.announced (position serial, event text, subject text, data jsonb);
    CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
      INSERT INTO public.announced (event, subject, data) VALUES (NEW.event, NEW.subject, NEW.data);
      RETURN NULL;
    END $$;
    CREATE TRIGGER note AFTER INSERT ON auth.outbox FOR EACH ROW EXECUTE FUNCTION public.note()`.simple();
  const events: EventsStandIn = { sent: [], down: false };
  const closers: (() => Promise<void>)[] = [];
  const keep = <T>(open: () => T, close: (resource: T) => Promise<void>): T => {
    const resource = open();
    closers.push(() => close(resource));
    return resource;
  };
  const pending: Promise<unknown>[] = [];
  let processes = 0;

  const start = (more: Record<string, unknown>): AuthSystem => {
    processes += 1;
    // What a process knows of keys it knows by its connection string.
    const connectionString = `${database.urls.auth}?statement_timeout=${10_000 + processes}`;
    const binding = { connectionString, keep };
    const env = { ...settings, DB: binding, EVENTS_QUEUE: eventsQueue(events), ...more };
    const settled = async () => {
      while (pending.length > 0) await Promise.allSettled(pending.splice(0));
    };
    return {
      events,
      sql,
      binding,
      env,
      ...requests((request) => worker.fetch(request, env, { waitUntil: (promise) => void pending.push(promise) })),
      async tick(cron) {
        const controller = { cron, scheduledTime: Date.now(), noRetry: () => {} };
        await worker.scheduled(controller, env, { waitUntil: (promise) => void pending.push(promise) });
      },
      announced: async () =>
        [...(await sql`SELECT event, subject, data FROM public.announced ORDER BY position`)].map(
          ({ event, subject, data }) => ({ event, subject, data }),
        ),
      anotherProcess: (other = {}) => start({ ...more, ...other }),
      settled,
      async stop() {
        await settled();
        for (const close of closers) await close();
        await sql.end();
        await database.drop();
      },
    };
  };
  return start(overrides);
}

let addresses = 0;

const ring = encryptionKeys.parse(settings.AUTH_KEY);

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : undefined, text };
}

function requests(fetch: (request: Request) => Response | Promise<Response>) {
  const send = async (method: string, path: string, headers: Headers, body: unknown): Promise<Answer> => {
    const init: RequestInit = { method, headers };
    if (body !== undefined) {
      headers.set("content-type", "application/json");
      init.body = JSON.stringify(body);
    }
    return await answerOf(await fetch(new Request(`http://auth${path}`, init)));
  };
  const request = async (method: string, path: string, options: RequestOptions = {}): Promise<Answer> => {
    const { token, body, headers, from } = options;
    const all = new Headers(headers);
    if (token !== undefined) all.set("authorization", `Bearer ${token}`);
    if (from !== null) {
      addresses += 1;
      all.set("x-service-token", await mintServiceToken("router", "auth", settings.SERVICE_JWT_SECRET));
      all.set("x-client-ip", from ?? `10.${addresses >> 16}.${(addresses >> 8) & 255}.${addresses & 255}`);
    }
    return await send(method, path, all, body);
  };
  return {
    request,
    post: (path: string, body?: unknown, options?: RequestOptions) => request("POST", path, { ...options, body }),
    get: (path: string, token?: string) => request("GET", path, { token }),
    async asService(name: string, method: string, path: string, body?: unknown): Promise<Answer> {
      const token = await mintServiceToken(name, "auth", settings.SERVICE_JWT_SECRET);
      const content = body === undefined ? undefined : JSON.stringify(body);
      const url = `http://auth${path}`;
      const sealed = await sealRequest({ self: name, callee: "auth", method, url, body: content }, ring);
      const headers = { ...sealed.headers, "x-service-token": token };
      const response = await fetch(new Request(url, { method, headers, body: sealed.body ?? null }));
      return await answerOf(saysEncrypted(response.headers) ? await sealed.open(response) : response);
    },
  };
}

function eventsQueue(events: EventsStandIn): QueueBinding<Envelope> {
  const store = (bodies: Iterable<{ body: Envelope }>): void => {
    if (events.down) throw new Error("Queue sendBatch failed");
    events.sent.push(...[...bodies].map(({ body }) => envelope.parse(body)));
  };
  return {
    send: async (body) => store([{ body }]),
    sendBatch: async (messages) => store(messages),
    metrics: async () => ({ backlogCount: 0 }),
  };
}
