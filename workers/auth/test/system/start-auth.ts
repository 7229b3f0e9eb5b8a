import { type Envelope, envelope } from "@trivet/contracts";
import type { DatabaseBinding } from "@trivet/platform";
import {
  type Answer,
  type RequestOptions as ClientOptions,
  callSealed,
  client,
  fromRouter,
  openServiceDatabase,
  type Service,
  type WrittenQueue,
  writtenQueue,
} from "@trivet/testing";
import worker from "../../src/worker.ts";
import { settings } from "./settings.ts";

export type { Answer };

interface RequestOptions extends Omit<ClientOptions, "token"> {
  token?: string | undefined;
  /** The client's address as the router tells it; null when nobody tells one. */
  from?: string | null;
}

/** The auth service on a database of its own, beside a stand-in for the queue of events. */
export interface AuthSystem extends Pick<Service, "sql" | "announced" | "stop"> {
  /** The queue of events, as this service writes to it. */
  events: WrittenQueue;
  /** What was sent there. */
  sent(): Envelope[];
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
  /** Work that goes on after the answers. */
  settled(): Promise<void>;
}

export async function startAuth(overrides: Record<string, unknown> = {}): Promise<AuthSystem> {
  const { sql, binding: database, announced, drop } = await openServiceDatabase("auth");
  const events = writtenQueue();
  const pending: Promise<unknown>[] = [];
  let processes = 0;

  const start = (more: Record<string, unknown>): AuthSystem => {
    processes += 1;
    // What a process knows of keys it knows by its connection string.
    const connectionString = `${database.connectionString}?statement_timeout=${10_000 + processes}`;
    const binding = { ...database, connectionString };
    const env = { ...settings, DB: binding, EVENTS_QUEUE: events.binding, ...more };
    const settled = async () => {
      while (pending.length > 0) await Promise.allSettled(pending.splice(0));
    };
    return {
      events,
      sent: () => events.sent.map((body) => envelope.parse(body)),
      sql,
      binding,
      env,
      announced,
      ...requests(async (request) =>
        worker.fetch(request, env, { waitUntil: (promise) => void pending.push(promise) }),
      ),
      async tick(cron) {
        const controller = { cron, scheduledTime: Date.now(), noRetry: () => {} };
        await worker.scheduled(controller, env, { waitUntil: (promise) => void pending.push(promise) });
      },
      anotherProcess: (other = {}) => start({ ...more, ...other }),
      settled,
      async stop() {
        await settled();
        await drop();
      },
    };
  };
  return start(overrides);
}

let addresses = 0;

function requests(fetch: (request: Request) => Promise<Response>) {
  const send = client("http://auth", (url, init) => fetch(new Request(url, init)));
  const request = async (method: string, path: string, options: RequestOptions = {}): Promise<Answer> => {
    const { token, from, headers, ...rest } = options;
    addresses += 1;
    const address = from ?? `10.${addresses >> 16}.${(addresses >> 8) & 255}.${addresses & 255}`;
    return await send.request(method, path, {
      ...rest,
      ...(token !== undefined && { token }),
      headers: { ...headers, ...(from !== null && (await fromRouter("auth", address))) },
    });
  };
  return {
    request,
    post: (path: string, body?: unknown, options?: RequestOptions) => request("POST", path, { ...options, body }),
    get: (path: string, token?: string) => request("GET", path, { token }),
    asService: (from: string, method: string, path: string, body?: unknown) =>
      callSealed(fetch, { from, to: "auth", method, path, body }),
  };
}
