import { type DatabaseBinding, type Invocation, isTraced, type Keep, type TraceContext } from "@trivet/platform";
import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import { clientFor } from "./client.ts";
import { readConnectionString } from "./connection-string.ts";
import { Pool, type PoolOptions } from "./pool.ts";
import { StatementSpans } from "./statement-spans.ts";

/** A service's own schema, through drizzle. */
export type Database = PostgresJsDatabase;

/** What the function given to `transaction` works with. */
export type Transaction = Parameters<Parameters<Database["transaction"]>[0]>[0];

interface Kept {
  pool: Pool;
  database: Database;
}

const known = new WeakMap<DatabaseBinding, Kept>();
/** Of a database that tells of one invocation's statements: the one that all invocations share. */
const shared = new WeakMap<Database, Database>();

/** What callers share who use the same database: of one that tells of its statements, that which it tells of. */
export const sharedDatabase = (database: Database): Database => shared.get(database) ?? database;

/** For whom a database is opened. */
export interface DatabaseUser extends Pick<Invocation, "service" | "defer" | "spans"> {
  trace?: TraceContext;
}

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
 * invocation. An invocation that is traced gets a database of its own in either case, over the same
 * pool, that tells its spans of every statement.
 *
 * A connection string may say `pool_max` (connections per process, 10), `statement_timeout`
 * (milliseconds, 4000) and `prepare=false` (for poolers without prepared statements). A statement is
 * given up one second after the server should have cancelled it.
 */
export function openDatabase(binding: DatabaseBinding, user: DatabaseUser): Database {
  if (!binding.keep) {
    const pool = new Pool(single(binding.connectionString, user.service));
    user.defer(() => pool.close());
    return tellingDatabase(pool, binding, user) ?? drizzle(clientFor(pool));
  }
  const { pool, database } = known.get(binding) ?? keepOpen(binding, binding.keep, user.service);
  const telling = tellingDatabase(pool, binding, user);
  if (!telling) return database;
  shared.set(telling, database);
  return telling;
}

function keepOpen(binding: DatabaseBinding, keep: Keep, service: string): Kept {
  const pool = keep(
    () => new Pool(pooled(binding.connectionString, service)),
    (opened) => opened.close(),
  );
  const kept = { pool, database: drizzle(clientFor(pool)) };
  known.set(binding, kept);
  return kept;
}

/** Undefined where nobody is told. */
function tellingDatabase(pool: Pool, { connectionString }: DatabaseBinding, user: DatabaseUser): Database | undefined {
  const { service, spans, trace } = user;
  if (!trace || !isTraced({ spans, trace })) return undefined;
  return drizzle(clientFor(pool, new StatementSpans({ service, spans, trace }, connectionString)));
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
