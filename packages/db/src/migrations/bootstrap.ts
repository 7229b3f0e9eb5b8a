import postgres, { type TransactionSql } from "postgres";
import { defaultStatementTimeout } from "../connection-string.ts";
import { connected, exclusively, execute } from "./connect.ts";
import { MigrationError } from "./migration-error.ts";
import { type ServiceAccount, serviceAccount } from "./service-url.ts";

const idleInTransactionTimeout = 10_000;

/**
 * Gives a service its schema, and a role that owns this schema and may do nothing else: no other
 * schema, no temporary tables, no roles or databases of its own.
 *
 * Needs a superuser, or a role with CREATEROLE that owns the database. Safe to repeat and to run
 * from several processes at once. Settings that an operator changes on the role later are kept.
 */
export async function bootstrap(adminUrl: string, service: string, extensions: readonly string[]): Promise<void> {
  const account = await serviceAccount(adminUrl, service);
  await connected(adminUrl, (sql) =>
    exclusively(sql, "bootstrap", async (tx) => {
      await refusals(tx, account, async () => {
        await ensureRole(tx, account);
        await ensureSchema(tx, account, service);
        await ensureExtensions(tx, extensions);
        await restrictDatabase(tx, account);
        await setSearchPath(tx, account, service, extensions);
      });
    }),
  );
}

interface RoleRow {
  powers: string | null;
}

async function ensureRole(tx: TransactionSql, { role, password }: ServiceAccount): Promise<void> {
  const [existing] = await tx<RoleRow[]>`
    select concat_ws(', ', case when rolsuper then 'SUPERUSER' end, case when rolcreatedb then 'CREATEDB' end,
      case when rolcreaterole then 'CREATEROLE' end, case when rolreplication then 'REPLICATION' end,
      case when rolbypassrls then 'BYPASSRLS' end) as powers
    from pg_roles where rolname = ${role}`;
  if (existing) {
    if (existing.powers) {
      throw new MigrationError(
        `The role ${role} has ${existing.powers}, which no service may have. Take it away with ALTER ROLE.`,
      );
    }
    await execute(tx, "alter role %I login noinherit password %L", role, password);
  } else {
    const nothing = "nosuperuser nocreatedb nocreaterole noreplication nobypassrls";
    await execute(tx, `create role %I login noinherit ${nothing} password %L`, role, password);
    await execute(tx, `alter role %I set statement_timeout = ${defaultStatementTimeout}`, role);
    await execute(tx, `alter role %I set idle_in_transaction_session_timeout = ${idleInTransactionTimeout}`, role);
  }
}

async function ensureSchema(tx: TransactionSql, { role }: ServiceAccount, service: string): Promise<void> {
  const [schema] = await tx<{ owner: string }[]>`
    select pg_get_userbyid(nspowner) as owner from pg_namespace where nspname = ${service}`;
  if (schema && schema.owner !== role) {
    throw new MigrationError(
      `The schema ${service} belongs to ${schema.owner}. Give it to its service: ALTER SCHEMA "${service}" OWNER TO "${role}".`,
    );
  }
  // Only a member of a role may create things in its name; a superuser counts as one.
  const [admin] = await tx`select 1 from pg_roles where rolname = current_user and rolsuper`;
  if (!admin) await execute(tx, "grant %I to current_user", role);
  if (!schema) await execute(tx, "create schema %I authorization %I", service, role);
  await execute(tx, "revoke all on schema %I from public", service);
}

async function ensureExtensions(tx: TransactionSql, extensions: readonly string[]): Promise<void> {
  for (const extension of extensions) {
    const [existing] = await tx`select 1 from pg_extension where extname = ${extension}`;
    if (!existing) await execute(tx, "create extension %I with schema public", extension);
  }
}

/** What PUBLIC may do every role may do, so a role is only as small as PUBLIC. */
async function restrictDatabase(tx: TransactionSql, { database, role }: ServiceAccount): Promise<void> {
  await execute(tx, "revoke create, temporary on database %I from public", database);
  await execute(tx, "grant connect on database %I to %I", database, role);
  const [publicSchema] = await tx`select 1 from pg_namespace where nspname = 'public'`;
  if (publicSchema) await tx`revoke create on schema public from public`;
  // REVOKE by somebody who may not is only a warning.
  const [left] = await tx<{ rights: string }[]>`
    select concat_ws(' and ',
      case when has_database_privilege(${role}, current_database(), 'create') then 'create schemas' end,
      case when has_database_privilege(${role}, current_database(), 'temporary') then 'create temporary tables' end,
      case when exists (select from pg_namespace where nspname = 'public' and has_schema_privilege(${role}, oid, 'create'))
        then 'create tables in the schema public' end) as rights`;
  if (left?.rights) {
    throw new MigrationError(
      `The role ${role} may still ${left.rights}, and the user of DATABASE_URL cannot revoke it. Make it the owner: ALTER DATABASE "${database}" OWNER TO that user.`,
    );
  }
}

/** Its own schema first, then those of the extensions it asked for, so that their operators are found. */
async function setSearchPath(
  tx: TransactionSql,
  { role }: ServiceAccount,
  service: string,
  extensions: readonly string[],
): Promise<void> {
  const schemas = new Set([service]);
  for (const extension of extensions) {
    const [home] = await tx<{ schema: string }[]>`
      select extnamespace::regnamespace::text as schema from pg_extension where extname = ${extension}`;
    if (home && home.schema !== "pg_catalog") schemas.add(home.schema);
  }
  const places = [...schemas].map(() => "%I").join(", ");
  await execute(tx, `alter role %I set search_path = ${places}`, role, ...schemas);
}

/** Says in a sentence what the administrator may not do, or the server does not have. */
async function refusals(
  tx: TransactionSql,
  { database, role }: ServiceAccount,
  use: () => Promise<void>,
): Promise<void> {
  const [admin] = await tx<{ name: string }[]>`select current_user as name`;
  try {
    await use();
  } catch (error) {
    if (!(error instanceof postgres.PostgresError)) throw error;
    const options = { cause: error };
    if (error.code === "42501") {
      throw new MigrationError(
        `${admin?.name} of DATABASE_URL may not set up the role ${role} (${error.message}). Use a superuser, or a role with CREATEROLE that owns the database ${database}, or set up the role yourself and name its URL for the service.`,
        options,
      );
    }
    if (error.code === "0A000" || error.code === "58P01") {
      throw new MigrationError(`The Postgres server lacks something a migration requires: ${error.message}.`, options);
    }
    throw error;
  }
}
