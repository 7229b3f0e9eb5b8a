// `npm run bench:analytics`: how long `GET /analytics/stats` of 30 days takes, on as many events as `--events 1000000,10000000`
// says, each on a database of its own in the Postgres of DATABASE_URL, else in one that is started for it. The sizes are
// asked in turn, `--rounds 5` of `--asks 40` each, of one system that serves nothing else.
import { parseArgs } from "node:util";
import postgres from "postgres";
import { fillAnalytics } from "../src/bench/fill-analytics.ts";
import { type Client, client } from "../src/client.ts";
import setup from "../src/database/global-setup.ts";
import { withRole } from "../src/people.ts";
import { type System, startSystem } from "../src/system/start-system.ts";

const { values } = parseArgs({
  options: {
    events: { type: "string", default: "1000000,10000000" },
    rounds: { type: "string", default: "5" },
    asks: { type: "string", default: "40" },
  },
});

const days = 30;
const shape = { days, names: 20, visitors: 200_000 };

interface Sized {
  events: number;
  system: System;
  asker: Client;
  token: string;
}

const questions = {
  "stats, the ten most frequent names": () => `/analytics/stats?from=${past(days)}`,
  "stats of one name": () => `/analytics/stats?from=${past(days)}&event=event%200`,
  "timeseries, days in UTC": () => `/analytics/timeseries?from=${past(days)}`,
  "timeseries, days in Zurich": () => `/analytics/timeseries?from=${past(days)}&timeZone=Europe%2FZurich`,
};

const past = (count: number): string => new Date(Date.now() - count * 86_400_000).toISOString();

async function fill(events: number): Promise<Sized> {
  const system = await startSystem({ runtime: "node", env: { RATE_LIMIT_USER: "1000000000" } });
  const asker = client(system.url);
  const { token } = await withRole(asker, system.database.adminUrl, "admin");
  const sql = postgres(system.database.adminUrl, { max: 1, onnotice: () => {} });
  try {
    const filled = performance.now();
    await fillAnalytics(sql, { ...shape, events });
    const counting = performance.now();
    await untilCounted(sql);
    const done = performance.now();
    const [size] = await sql<{ raw: string; rollups: string }[]>`
      select pg_size_pretty(sum(pg_total_relation_size(inhrelid))) as raw,
        pg_size_pretty(pg_total_relation_size('analytics.rollups')) as rollups
      from pg_inherits where inhparent = 'analytics.chunks'::regclass`;
    say(
      `${events} events filled in ${seconds(filled, counting)}, counted by the cron in ${seconds(counting, done)}; ` +
        `they take ${size?.raw}, the rollups ${size?.rollups}`,
    );
  } finally {
    await sql.end();
  }
  return { events, system, asker, token };
}

/** The system's own cron counts, each minute for 45 seconds at most. */
async function untilCounted(sql: postgres.Sql): Promise<void> {
  for (;;) {
    const [waiting] = await sql`select 1 from analytics.chunks where not counted limit 1`;
    if (!waiting) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function ask({ asker, token }: Sized, path: string): Promise<number> {
  const began = performance.now();
  const { status, text } = await asker.get(path, token);
  if (status !== 200) throw new Error(`${path} answered ${status}: ${text}`);
  return performance.now() - began;
}

const quantile = (sorted: readonly number[], share: number): string =>
  (sorted[Math.ceil(sorted.length * share) - 1] ?? 0).toFixed(1);
const seconds = (from: number, to: number): string => `${((to - from) / 1_000).toFixed(1)} s`;
const say = (line: string): boolean => process.stdout.write(`${line}\n`);

const teardown = await setup();
const sizes: Sized[] = [];
try {
  for (const events of values.events.split(",").map(Number)) sizes.push(await fill(events));
  for (const [question, path] of Object.entries(questions)) {
    const taken = new Map(sizes.map(({ events }) => [events, [] as number[]]));
    for (let round = 0; round < Number(values.rounds); round += 1) {
      for (const sized of sizes) {
        await ask(sized, path());
        for (let time = 0; time < Number(values.asks); time += 1) {
          taken.get(sized.events)?.push(await ask(sized, path()));
        }
      }
    }
    for (const [events, times] of taken) {
      const sorted = times.toSorted((a, b) => a - b);
      say(`${question}, of ${events} events: p50 ${quantile(sorted, 0.5)} ms, p99 ${quantile(sorted, 0.99)} ms`);
    }
  }
} finally {
  for (const { system } of sizes) await system.stop();
  await teardown();
}
