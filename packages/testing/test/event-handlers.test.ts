import { type Envelope, envelope, events, inboxQueueOf, repeatable, subscriptions } from "@trivet/contracts";
import type { createWorker } from "@trivet/http";
import { newId } from "@trivet/platform";
import type postgres from "postgres";
import { afterAll, expect, test } from "vitest";
import auth from "../../../workers/auth/src/worker.ts";
import { client } from "../src/client.ts";
import { newCredentials, register } from "../src/people.ts";
import { root } from "../src/root.ts";
import { invocation } from "../src/service/invocation.ts";
import { deliver, writtenQueue } from "../src/service/queues.ts";
import { openServiceDatabase } from "../src/service/service-database.ts";
import { serviceSettings } from "../src/service/settings.ts";

const authSettings = { ...serviceSettings, AUTH_SECRET: "abcdef0123456789abcdef0123456789abcd" };

const authDatabase = await openServiceDatabase("auth");
afterAll(() => authDatabase.drop());

/** What people do at auth, and what it announces of it: a subscriber sees accounts that stay and one that goes. */
async function history(): Promise<{ authEnv: object; announced: Envelope[] }> {
  const { sql, binding } = authDatabase;
  const queue = writtenQueue();
  const authEnv = { ...authSettings, DB: binding, EVENTS_QUEUE: queue.binding };
  const entrance = client("http://auth", (url, init) =>
    invocation((ctx) => auth.fetch(new Request(url, init), authEnv, ctx)),
  );
  for (const name of ["ada", "bob", "cleo"]) await register(entrance, newCredentials(name));
  const announced = queue.sent.map((body) => envelope.parse(body));
  const gone = announced[1]?.subject ?? "";
  await sql`DELETE FROM auth.users WHERE id = ${gone}`;
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

/** What a handler draws by lot differs from run to run. */
const byLot = (text: string): string =>
  text.replaceAll(/[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[\da-f]{4}-[\da-f]{12}/g, "a random id");

/** Everything a service's schema holds, but for what is about messages, about when, and (numbers of a sequence) in which turn it was written. */
async function stateOf(sql: postgres.Sql, service: string) {
  const tables = await sql<{ name: string; columns: string[] }[]>`
    SELECT table_name AS name, array_agg(column_name::text ORDER BY ordinal_position) AS columns
    FROM information_schema.columns
    WHERE table_schema = ${service} AND data_type NOT LIKE 'timestamp%'
      AND table_name NOT IN ('inbox', 'outbox', 'migrations') AND coalesce(column_default, '') NOT LIKE 'nextval(%'
    GROUP BY 1 ORDER BY 1`;
  const state: Record<string, string[]> = {};
  for (const { name, columns } of tables) {
    const rows = await sql`SELECT ${sql(columns)} FROM ${sql(service)}.${sql(name)}`;
    state[name] = rows.map((row) => byLot(JSON.stringify(row))).toSorted();
  }
  return state;
}

/** Hands events to a service's inbox and answers what the service then holds. */
async function after(service: string, events: readonly Envelope[], authEnv: object) {
  const { default: worker }: { default: ReturnType<typeof createWorker> } = await import(
    `${root}/workers/${service}/src/worker.ts`
  );
  const { sql, binding, drop } = await openServiceDatabase(service);
  const env = {
    ...serviceSettings,
    DB: binding,
    AUTH: { fetch: (request: Request) => invocation((ctx) => auth.fetch(request, authEnv, ctx)) },
    // Whom a handler asks beside auth has to be here.
    USERS: { fetch: () => Promise.reject(new Error("users does not answer here")) },
    EVENTS_QUEUE: writtenQueue().binding,
  };
  try {
    for (const body of events) {
      expect(await deliver(worker, env, inboxQueueOf(service), [body])).toEqual([{ kind: "ack" }]);
    }
    return await stateOf(sql, service);
  } finally {
    await drop();
  }
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

test.for(Object.entries(repeatable))(
  "%s holds the same when what it may handle again comes again as if it were new, before the rest and after it",
  async ([service, names]) => {
    const heard = announced.filter(({ event }) => subscriptions[service]?.some((name) => name === event));
    const again = () =>
      heard.filter(({ event }) => names.some((name) => name === event)).map((event) => ({ ...event, id: newId() }));
    expect(again().map(({ event }) => event)).toEqual(expect.arrayContaining([...names]));
    const expected = await after(service, heard, authEnv);
    expect(await after(service, [...again().toReversed(), ...heard, ...again()], authEnv)).toEqual(expected);
  },
);
