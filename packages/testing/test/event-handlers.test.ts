import { type Envelope, events, inboxQueueOf, subscriptions } from "@trivet/contracts";
import { newId, type QueueBinding, type QueueMessage, type WorkerModule } from "@trivet/platform";
import postgres from "postgres";
import { afterAll, expect, test } from "vitest";
import auth from "../../../workers/auth/src/worker.ts";
import { createTestDatabase, type TestDatabase } from "../src/database/create-test-database.ts";
import { newCredentials } from "../src/people.ts";
import { root } from "../src/root.ts";

const settings = {
  PUBLIC_URL: "http://localhost:8787",
  SERVICE_JWT_SECRET: "0123456789abcdef0123456789abcdef0123",
  AUTH_SECRET: "abcdef0123456789abcdef0123456789abcd",
  AUTH_KEY: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
  USERS_KEY: "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8",
  ANALYTICS_KEY: "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8",
  LOG_LEVEL: "fatal",
};

const closers: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closers.toReversed()) await close();
});
const keep = <T>(open: () => T, close: (resource: T) => Promise<void>): T => {
  const resource = open();
  closers.push(() => close(resource));
  return resource;
};

const waiting = async <T>(
  work: (ctx: { waitUntil(promise: Promise<unknown>): void }) => T | Promise<T>,
): Promise<T> => {
  const pending: Promise<unknown>[] = [];
  const result = await work({ waitUntil: (promise) => void pending.push(promise) });
  await Promise.all(pending);
  return result;
};

const into = (sent: unknown[]): QueueBinding => ({
  send: async (body) => void sent.push(body),
  sendBatch: async (messages) => void sent.push(...[...messages].map(({ body }) => body)),
  metrics: async () => ({ backlogCount: 0 }),
});

/** What people do at auth, and what it announces of it: a subscriber sees accounts that stay and one that goes. */
async function history(): Promise<{ authEnv: object; announced: Envelope[] }> {
  const database = await createTestDatabase();
  closers.push(() => database.drop());
  const announced: Envelope[] = [];
  const authEnv = {
    ...settings,
    DB: { connectionString: database.urls.auth, keep },
    EVENTS_QUEUE: into(announced),
  };
  const ask = (method: string, path: string, token: string | undefined, body: object) =>
    waiting(async (ctx) => {
      const headers = new Headers({ "content-type": "application/json" });
      if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
      return await auth.fetch(
        new Request(`http://auth${path}`, { method, headers, body: JSON.stringify(body) }),
        authEnv,
        ctx,
      );
    });
  for (const name of ["ada", "bob", "cleo"]) {
    const answer = await ask("POST", "/auth/register", undefined, newCredentials(name));
    expect(answer.status).toBe(201);
  }
  const gone = announced[1]?.subject ?? "";
  await asOwner(database, async (sql) => {
    await sql`DELETE FROM auth.users WHERE id = ${gone}`;
  });
  const [first, second] = announced;
  if (!first || !second) throw new Error("Nobody has registered.");
  announced.push({ ...second, id: newId(), event: "user.deleted" });
  // The others, as if the first had done it all.
  for (const { name, version, service, data } of Object.values(events)) {
    if (announced.some(({ event }) => event === name)) continue;
    const made = Object.keys(data.shape).map((field) => [field, field === "fields" ? ["bio"] : first.subject]);
    const about = { event: name, version, service, data: data.parse(Object.fromEntries(made)) };
    announced.push({ ...first, ...about, id: newId() });
  }
  return { authEnv, announced };
}

const asOwner = async <T>(database: TestDatabase, work: (sql: postgres.Sql) => Promise<T>): Promise<T> => {
  const sql = postgres(database.adminUrl, { max: 1, onnotice: () => {} });
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
};

/** What a handler draws by lot differs from run to run. */
const byLot = (text: string): string =>
  text.replaceAll(/[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[\da-f]{4}-[\da-f]{12}/g, "a random id");

/** Everything a service's schema holds, but for what is about messages, about when, and (batches) in which turn it was written. */
const stateOf = (database: TestDatabase, service: string) =>
  asOwner(database, async (sql) => {
    const tables = await sql<{ name: string; columns: string[] }[]>`
      SELECT table_name AS name, array_agg(column_name::text ORDER BY ordinal_position) AS columns
      FROM information_schema.columns
      WHERE table_schema = ${service} AND data_type NOT LIKE 'timestamp%'
        AND table_name NOT IN ('inbox', 'outbox', 'migrations', 'batches') AND column_name <> 'batch'
      GROUP BY 1 ORDER BY 1`;
    const state: Record<string, string[]> = {};
    for (const { name, columns } of tables) {
      const rows = await sql`SELECT ${sql(columns)} FROM ${sql(service)}.${sql(name)}`;
      state[name] = rows.map((row) => byLot(JSON.stringify(row))).toSorted();
    }
    return state;
  });

/** Hands events to a service's inbox, each again until it is acknowledged, and answers what the service then holds. */
async function after(service: string, events: readonly Envelope[], authEnv: object) {
  const { default: worker }: { default: WorkerModule<object> } = await import(
    `${root}/workers/${service}/src/worker.ts`
  );
  const database = await createTestDatabase();
  closers.push(() => database.drop());
  const env = {
    ...settings,
    DB: { connectionString: database.urls[service], keep },
    AUTH: { fetch: (request: Request) => waiting(async (ctx) => auth.fetch(request, authEnv, ctx)) },
    // Whom a handler asks beside auth has to be here.
    USERS: { fetch: () => Promise.reject(new Error("users does not answer here")) },
    EVENTS_QUEUE: into([]),
  };
  for (const body of events) {
    let acknowledged = false;
    const message: QueueMessage = {
      ...{ id: newId(), timestamp: new Date(), attempts: 1, body },
      ack: () => {
        acknowledged = true;
      },
      retry: ({ cause } = {}) => {
        throw cause;
      },
    };
    const batch = { queue: inboxQueueOf(service), messages: [message], ackAll: () => {}, retryAll: () => {} };
    await waiting(async (ctx) => worker.queue?.(batch, env, ctx));
    expect(acknowledged).toBe(true);
  }
  return await stateOf(database, service);
}

const twice = <T>(items: readonly T[]): T[] => items.flatMap((item) => [item, item]);
const orders: [name: string, order: (events: Envelope[]) => Envelope[]][] = [
  ["each twice", twice],
  ["all, and then all again", (events) => [...events, ...events]],
  ["the last first", (events) => events.toReversed()],
  ["each twice, the last first", (events) => twice(events).toReversed()],
  ["the last first, and then in their order", (events) => [...events.toReversed(), ...events]],
  [
    "the odd ones first, each twice",
    (events) => twice([...events].sort((a, b) => (events.indexOf(b) % 2) - (events.indexOf(a) % 2))),
  ],
];

const { authEnv, announced } = await history();

test("the history has every event that somebody listens to", () => {
  const names = new Set(announced.map(({ event }) => event));
  for (const listened of Object.values(subscriptions).flat()) expect(names).toContain(listened);
});

test.for(Object.keys(subscriptions).flatMap((service) => orders.map(([name, order]) => ({ service, name, order }))))(
  "$service holds the same after events that come $name as after each came once in order",
  async ({ service, order }) => {
    const heard = announced.filter(({ event }) => subscriptions[service]?.some((name) => name === event));
    const expected = await after(service, heard, authEnv);
    expect(Object.values(expected).flat().length).toBeGreaterThan(0);
    expect(await after(service, order(heard), authEnv)).toEqual(expected);
  },
);
