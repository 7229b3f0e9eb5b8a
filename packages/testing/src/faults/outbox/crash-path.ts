import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { userCreated } from "@trivet/contracts";
import { type Database, openDatabase, outboxTable, publish, transaction } from "@trivet/db";
import { newId, newTrace } from "@trivet/platform";
import { pgSchema } from "drizzle-orm/pg-core";
import type postgres from "postgres";
import { openQueueHome, type QueueDriverName } from "../../conformance/queues/drivers.ts";
import { asAdmin } from "../../database/test-server.ts";

export interface OutboxOptions {
  transactions: number;
  driver: QueueDriverName;
  /** Transactions a second, which two processes can keep up with. */
  rate: number;
  /** Whether claims end at once, instead of after the 30 seconds of their lease. */
  hurry: boolean;
}

export interface OutboxReport {
  committed: number;
  rolledBack: number;
  /** Events without a transaction that committed. */
  invented: number;
  lost: number;
  doubled: number;
  crashes: number;
  /** Milliseconds from the transaction to the subscriber's effect. */
  lagP50: number;
  lagP99: number;
  lagMost: number;
}

const outbox = outboxTable(pgSchema("auth"));
const rolledBackOf10 = 3;
/** Each kills a process once: at its own hand at a step of the path, or from outside at some moment. */
const crashes = ["claimed", "sent", "logged", "fanned", "anywhere", "anywhere"] as const;

/** Publishes in transactions, some of which are rolled back, while processes lead events on and are killed at every step. */
export async function crashPath({ driver, transactions, rate, hurry }: OutboxOptions): Promise<OutboxReport> {
  const home = await openQueueHome(driver);
  const urlOf = (service: string): string => home.env[`DATABASE_URL_${service.toUpperCase()}`] ?? "";
  const closers: (() => Promise<void>)[] = [];
  const auth = openDatabase(
    {
      connectionString: urlOf("auth"),
      keep(open, close) {
        const resource = open();
        closers.push(() => close(resource));
        return resource;
      },
    },
    { service: "auth", defer: () => {} },
  );
  try {
    return await asAdmin(home.adminUrl, async (sql) => {
      await prepare(sql, new URL(urlOf("users")).username);
      const { NATS_URL, NATS_PREFIX } = home.env;
      const crew = await startCrew({
        ...(NATS_URL && NATS_PREFIX && { NATS_URL, NATS_PREFIX }),
        ...{ AUTH: urlOf("auth"), EVENTS: urlOf("events"), USERS: urlOf("users"), HOST: urlOf("host") },
      });
      try {
        const { committed, rolledBack } = await publishAll(auth, transactions, rate, crew.spent);
        while ((await sql`SELECT 1 FROM auth.outbox LIMIT 1`).length > 0) {
          if (hurry) await sql`UPDATE auth.outbox SET due_at = now()`;
          await pause(200);
        }
        // The last effect may come as late as a dead process's lease is over.
        const received = async () => (await sql`SELECT DISTINCT subject FROM users.received`).length;
        for (let waited = 0; waited < 60_000 && (await received()) < committed.size; waited += 200) await pause(200);
        return { ...(await compare(sql, committed)), rolledBack, crashes: crashes.length };
      } finally {
        await crew.stop();
      }
    });
  } finally {
    for (const close of closers) await close();
    await home.close();
  }
}

async function prepare(sql: postgres.Sql, role: string): Promise<void> {
  await sql`CREATE TABLE users.received (subject uuid, sent_at timestamptz, at timestamptz DEFAULT clock_timestamp())`;
  await sql`GRANT INSERT ON users.received TO ${sql(decodeURIComponent(role))}`;
}

/** At least so many transactions, and on until every crash has happened. */
async function publishAll(
  db: Database,
  count: number,
  rate: number,
  spent: () => boolean,
): Promise<{ committed: Set<string>; rolledBack: number }> {
  const committed = new Set<string>();
  let rolledBack = 0;
  const one = async (undo: Error | undefined): Promise<void> => {
    const userId = newId();
    try {
      await transaction(db, async (tx) => {
        await publish(tx, outbox, userCreated, userId, { userId }, { trace: newTrace() });
        if (undo) throw undo;
      });
      committed.add(userId);
    } catch (error) {
      if (error !== undo) throw error;
      rolledBack += 1;
    }
  };
  const under: Promise<void>[] = [];
  const began = performance.now();
  for (let index = 0; index < count || !spent(); index += 1) {
    await pause(Math.max(0, began + (index * 1_000) / rate - performance.now()));
    under.push(one(index % 10 < rolledBackOf10 ? new Error("rolled back") : undefined));
  }
  await Promise.all(under);
  return { committed, rolledBack };
}

interface Crew {
  /** Whether every crash has happened. */
  spent(): boolean;
  stop(): Promise<void>;
}

/** One process that lives, and beside it one at a time that is to die, while there are any. */
async function startCrew(env: Record<string, string>): Promise<Crew> {
  const ways: string[] = [...crashes];
  const alive = new Set<ChildProcess>();
  const start = async (way: string): Promise<ChildProcess> => {
    const child = spawn(process.execPath, [join(import.meta.dirname, "path-main.ts"), way], {
      env: { PATH: process.env.PATH, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    alive.add(child);
    child.on("exit", () => alive.delete(child));
    await once(child.stdout, "data");
    return child;
  };
  const startNext = async (): Promise<void> => {
    const way = ways[0];
    if (way === undefined) return;
    const child = await start(way);
    child.on("exit", () => {
      ways.shift();
      void startNext();
    });
    if (way === "anywhere") setTimeout(() => child.kill("SIGKILL"), Math.random() * 500);
  };
  await start("");
  void startNext();
  return {
    spent: () => ways.length === 0,
    async stop() {
      await Promise.all(
        [...alive].map(async (child) => {
          const exited = once(child, "exit");
          child.kill("SIGTERM");
          await exited;
        }),
      );
    },
  };
}

async function compare(sql: postgres.Sql, committed: ReadonlySet<string>) {
  const rows = await sql<{ subject: string; lag: number }[]>`
    SELECT subject, (extract(epoch FROM at - sent_at) * 1000)::float8 AS lag FROM users.received`;
  const received = new Set(rows.map(({ subject }) => subject));
  const lags = rows.map(({ lag }) => lag).sort((a, b) => a - b);
  const quantile = (share: number): number => Math.round(lags[Math.floor(share * (lags.length - 1))] ?? Number.NaN);
  return {
    committed: committed.size,
    invented: countOutside(received, committed),
    lost: countOutside(committed, received),
    doubled: rows.length - received.size,
    lagP50: quantile(0.5),
    lagP99: quantile(0.99),
    lagMost: quantile(1),
  };
}

const countOutside = (these: ReadonlySet<string>, those: ReadonlySet<string>): number =>
  [...these].filter((one) => !those.has(one)).length;
