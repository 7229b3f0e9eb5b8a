import postgres, { type Sql, type TransactionSql } from "postgres";
import { readConnectionString } from "../connection-string.ts";
import { MigrationError, UnreachableError } from "./migration-error.ts";

const connectTimeout = 10;
const closeTimeout = 5;

/** Runs `use` on one connection of its own and closes it. */
export async function connected<T>(url: string, use: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = postgres(readConnectionString(url).url, {
    max: 1,
    fetch_types: false,
    connect_timeout: connectTimeout,
    onnotice: () => {},
    connection: { application_name: "trivet migrations" },
  });
  try {
    return await use(sql);
  } catch (error) {
    throw unreachable(error, sql) ?? error;
  } finally {
    await sql.end({ timeout: closeTimeout });
  }
}

/**
 * Runs `use` in a transaction that only one process at a time enters for this database and purpose;
 * the others wait. Locking within the transaction, unlike for the session, also holds behind poolers.
 */
export async function exclusively<T>(sql: Sql, purpose: string, use: (tx: TransactionSql) => Promise<T>): Promise<T> {
  const { result } = await sql.begin(async (tx) => {
    await tx`select set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true)`;
    await tx`select pg_advisory_xact_lock(hashtextextended(${`trivet ${purpose}`}, 0))`;
    return { result: await use(tx) };
  });
  return result;
}

/** Runs a statement that takes no parameters, such as CREATE ROLE; Postgres quotes the names (%I) and texts (%L). */
export async function execute(tx: TransactionSql, template: string, ...values: string[]): Promise<void> {
  const slots = values.map((_, index) => `$${index + 2}::text`);
  const [row] = await tx.unsafe<{ text: string }[]>(`select format(${["$1", ...slots].join(", ")}) as text`, [
    template,
    ...values,
  ]);
  if (row) await tx.unsafe(row.text);
}

function unreachable(error: unknown, sql: Sql): MigrationError | undefined {
  if (error instanceof MigrationError || error instanceof postgres.PostgresError) return undefined;
  if (!(error instanceof Error && "code" in error && typeof error.code === "string")) return undefined;
  const { host, port, database } = sql.options;
  const address = `${host.join(",")}:${port.join(",")}`;
  return new UnreachableError(`the database ${database} at ${address}`, error.code, error);
}
