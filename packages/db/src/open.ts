import type { DatabaseBinding, Invocation } from "@trivet/platform";
import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import { clientFor } from "./client.ts";
import { readConnectionString } from "./connection-string.ts";
import { Pool, type PoolOptions } from "./pool.ts";

/** A service's own schema, through drizzle. */
export type Database = PostgresJsDatabase;

/** What the function given to `transaction` works with. */
export type Transaction = Parameters<Parameters<Database["transaction"]>[0]>[0];

const databases = new WeakMap<DatabaseBinding, Database>();

const poolMax = 10;
const poolIdle = 60;
/** A Worker may hold six connections of any kind at a time; calls to other services need some. */
const invocationMax = 3;
const invocationIdle = 5;

/**
 * The database behind a `[[hyperdrive]]` binding. Nothing is connected before the first statement.
 *
 * Where connections may outlive an invocation (`binding.keep`), every call with the same binding
 * returns the same database, over one pool per process. Elsewhere each call opens a small client of
 * its own, which the invocation ends through `defer` when all its work is done: call it once per
 * invocation.
 *
 * A connection string may say `pool_max` (connections per process, 10), `statement_timeout`
 * (milliseconds, 4000) and `prepare=false` (for poolers without prepared statements). A statement is
 * given up one second after the server should have cancelled it.
 */
export function openDatabase(binding: DatabaseBinding, invocation: Pick<Invocation, "service" | "defer">): Database {
  const known = databases.get(binding);
  if (known) return known;
  if (binding.keep) {
    const pool = binding.keep(
      () => new Pool(pooled(binding.connectionString, invocation.service)),
      (opened) => opened.close(),
    );
    const database = drizzle(clientFor(pool));
    databases.set(binding, database);
    return database;
  }
  const pool = new Pool(single(binding.connectionString, invocation.service));
  invocation.defer(() => pool.close());
  return drizzle(clientFor(pool));
}

function pooled(connectionString: string, service: string): PoolOptions {
  const settings = readConnectionString(connectionString);
  return {
    url: settings.url,
    max: settings.poolMax ?? poolMax,
    patience: settings.statementTimeout + 1_000,
    idleTimeout: poolIdle,
    connection: { application_name: `trivet ${service}`, statement_timeout: settings.statementTimeout },
  };
}

/** Poolers such as Hyperdrive take no statement_timeout from a client: there the role's own setting holds. */
function single(connectionString: string, service: string): PoolOptions {
  const { url, statementTimeout } = readConnectionString(connectionString);
  return {
    url,
    max: invocationMax,
    patience: statementTimeout + 1_000,
    idleTimeout: invocationIdle,
    connection: { application_name: `trivet ${service}` },
  };
}
