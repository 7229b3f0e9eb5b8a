import postgres from "postgres";
import type { Access } from "./create-cluster.ts";
import { errorCode, PostgresError } from "./errors.ts";
import type { Postmaster } from "./postmaster.ts";

/** The advisory lock that every user of the server holds shared, and the last one exclusively. */
const presenceLock = 7_487_438;

/** One process's mark on the server that it is in use. Postgres drops it however the process ends. */
export interface Presence {
  /** Gives the mark up. True when nobody else has one: from then on nobody can join any more. */
  leave(): Promise<boolean>;
  close(): Promise<void>;
}

const databaseName = "trivet";

export const urlOf = ({ password }: Access, port: number, database = databaseName): string =>
  `postgres://postgres:${password}@127.0.0.1:${port}/${database}`;

/** Undefined when the server is starting, stopping or gone: look again. `onLost` is told once. */
export async function join(access: Access, server: Postmaster, onLost: () => void): Promise<Presence | undefined> {
  let joined = false;
  const sql = postgres(urlOf(access, server.port, "postgres"), {
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: 5,
    fetch_types: false,
    connection: { application_name: `trivet ${process.pid}` },
    onnotice: () => {},
    onclose: () => {
      if (joined) onLost();
      joined = false;
    },
  });
  try {
    const [row] = await sql<{ joined: boolean }[]>`select pg_try_advisory_lock_shared(${presenceLock}) as joined`;
    if (row?.joined !== true) {
      await sql.end({ timeout: 1 });
      return undefined;
    }
    await createDatabase(sql);
    joined = true;
  } catch (error) {
    await sql.end({ timeout: 1 });
    if (errorCode(error) === "28P01") throw wrongPassword();
    if (isPassing(error)) return undefined;
    throw error;
  }
  return {
    async leave() {
      joined = false;
      const [row] = await sql<{ last: boolean }[]>`
        select pg_advisory_unlock_shared(${presenceLock}), pg_try_advisory_lock(${presenceLock}) as last`;
      return row?.last === true;
    },
    async close() {
      joined = false;
      await sql.end({ timeout: 1 });
    },
  };
}

async function createDatabase(sql: postgres.Sql): Promise<void> {
  const found = await sql`select 1 from pg_database where datname = ${databaseName}`;
  if (found.length > 0) return;
  try {
    await sql.unsafe(`create database ${databaseName}`);
  } catch (error) {
    // Another process that started at the same moment was quicker.
    if (errorCode(error) !== "42P04" && errorCode(error) !== "23505") throw error;
  }
}

/** 57P01-57P03: shutting down or starting up. The rest: the server went away under the connection. */
const isPassing = (error: unknown): boolean =>
  ["57P01", "57P02", "57P03", "ECONNREFUSED", "ECONNRESET", "EPIPE", "CONNECTION_CLOSED", "CONNECTION_ENDED"].includes(
    errorCode(error) ?? "",
  );

const wrongPassword = (): PostgresError =>
  new PostgresError(
    "The embedded Postgres refuses the password in .trivet/postgres/trivet.json: somebody changed that of its " +
      "user `postgres`. Write the right one there.",
  );
