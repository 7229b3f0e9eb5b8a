import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { mintServiceToken } from "@trivet/platform";
import postgres from "postgres";
import { type HostRuntime, type QueueHost, startQueueHost } from "../../conformance/queues/start-host.ts";
import { createTestDatabase } from "../../database/create-test-database.ts";
import { root } from "../../root.ts";

export interface TwinsOptions {
  runtime: HostRuntime;
  /** Requests with one key, all at once. */
  twins: number;
  /** Keys that are in use while processes are killed, and how many requests each is sent with. */
  keys: number;
  copies: number;
  kills: number;
  /** Whether the leases of killed processes are ended by hand instead of being waited for. */
  endLeases?: boolean;
}

export interface TwinsReport {
  twins: number;
  /** Of the one key. */
  effects: number;
  /** Different replies, status and body; and those that were not replayed. */
  replies: number;
  fresh: number;
  keys: number;
  kills: number;
  /** Over the many keys: effects too few and too many, and keys whose copies were told different things. */
  lost: number;
  doubled: number;
  divided: number;
  seconds: number;
}

const secret = "known-to-the-twins-alone-and-long-enough";
const settings = `[[hyperdrive]]
binding = "DB"
id = "local"
[vars]
PUBLIC_URL = "http://twins.test"
SERVICE_JWT_SECRET = "${secret}"
`;

/** The tables of the service, in a schema that stands in for its migrations. */
export const twinsSchema = `CREATE SCHEMA twins; SET search_path = twins;
  ${readFileSync(join(root, "packages/db/sql/idempotency.sql"), "utf8")}
  CREATE TABLE orders (number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, item text NOT NULL);
  RESET search_path;`;

interface Reply {
  text: string;
  isReplayed: boolean;
}

/** Sends the same orders many times over to two processes, one of which is killed again and again, and counts effects. */
export async function sendTwins(options: TwinsOptions): Promise<TwinsReport> {
  const began = Date.now();
  const database = await createTestDatabase();
  const sql = postgres(database.adminUrl, { max: 1, onnotice: () => {} });
  const hosts: QueueHost[] = [];
  const start = async (): Promise<void> => {
    const env = { ...database.env, DATABASE_URL_ROUTER: database.adminUrl };
    hosts.push(await startQueueHost(options.runtime, [], env, join(import.meta.dirname, "worker.ts"), settings));
  };
  const token = await mintServiceToken("shop", "twins", secret);
  /** As a client does it: anew for as long as there is no answer, wherever one can be had. */
  const order = async (key: string, takes: number, turn: number): Promise<Reply> => {
    const headers = { "content-type": "application/json", "idempotency-key": key, "x-service-token": token };
    const body = JSON.stringify({ item: key, takes });
    for (let attempt = turn; ; attempt += 1) {
      const url = `${hosts.at(-1 - (attempt % 2))?.url}/twins/orders`;
      const answer = await fetch(url, { method: "POST", headers, body }).catch(() => undefined);
      const text = await answer?.text().catch(() => undefined);
      if (answer && text !== undefined && answer.status !== 409 && answer.status < 500) {
        return { text: `${answer.status} ${text}`, isReplayed: answer.headers.has("idempotency-replayed") };
      }
      await pause(answer?.headers.has("retry-after") ? 1_000 * Number(answer.headers.get("retry-after")) : 100);
    }
  };
  try {
    await sql.unsafe(twinsSchema);
    await Promise.all([start(), start()]);
    const same = await Promise.all(Array.from({ length: options.twins }, (_, turn) => order("one", 50, turn)));

    const many = Promise.all(
      Array.from({ length: options.keys }, async (_, number) => {
        await pause((number / options.keys) * 1_000 * (options.kills + 1));
        const key = `key-${number}`;
        return await Promise.all(Array.from({ length: options.copies }, (_, turn) => order(key, 100, turn)));
      }),
    );
    for (let kill = 0; kill < options.kills; kill += 1) {
      await pause(1_000);
      hosts.shift()?.child.kill("SIGKILL");
      await start();
      if (options.endLeases) await sql`UPDATE twins.idempotency_keys SET leased_until = now() WHERE status IS NULL`;
    }
    const replies = await many;
    const effects = new Map(
      (await sql<{ item: string; count: number }[]>`SELECT item, count(*)::int FROM twins.orders GROUP BY item`).map(
        ({ item, count }) => [item, count],
      ),
    );
    const counts = Array.from({ length: options.keys }, (_, number) => effects.get(`key-${number}`) ?? 0);
    return {
      twins: options.twins,
      effects: effects.get("one") ?? 0,
      replies: new Set(same.map(({ text }) => text)).size,
      fresh: same.filter(({ isReplayed }) => !isReplayed).length,
      keys: options.keys,
      kills: options.kills,
      lost: counts.filter((count) => count === 0).length,
      doubled: counts.filter((count) => count > 1).length,
      divided: replies.filter((copies) => new Set(copies.map(({ text }) => text)).size > 1).length,
      seconds: (Date.now() - began) / 1_000,
    };
  } finally {
    for (const { child } of hosts) child.kill("SIGKILL");
    await sql.end();
    await database.drop();
  }
}
