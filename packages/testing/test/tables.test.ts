import { globSync } from "node:fs";
import { join } from "node:path";
import { createTestDatabase, type TestDatabase } from "@trivet/testing";
import { is } from "drizzle-orm";
import { getTableConfig, PgTable } from "drizzle-orm/pg-core";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../../..");

/** Of every service that has tables, its schema and what its code says they are. */
const schemas = await Promise.all(
  globSync("workers/*/src/tables.ts", { cwd: root }).map(async (file) => {
    const declared: Record<string, unknown> = await import(join(root, file));
    const configs = Object.values(declared).flatMap((table) => (is(table, PgTable) ? [getTableConfig(table)] : []));
    return { schema: file.split("/")[1] ?? "", configs };
  }),
);

let database: TestDatabase;
let sql: postgres.Sql;
beforeAll(async () => {
  database = await createTestDatabase();
  sql = postgres(database.adminUrl, { max: 1 });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

describe.for(schemas)("tables.ts of $schema and its migrations agree", ({ schema, configs }) => {
  test("on which tables there are", async () => {
    const rows = await sql<{ name: string }[]>`
      select relname as name from pg_class
      where relnamespace = ${schema}::regnamespace and relkind in ('r', 'p') and not relispartition order by 1`;
    const migrated = rows.map(({ name }) => name).filter((name) => name !== "migrations");
    expect(configs.map(({ name }) => name).toSorted()).toEqual(migrated);
  });

  test.each(configs.map((config) => [config.name, config] as const))("on the columns of %s", async (name, config) => {
    const migrated = await sql`
      select attname as name, attnotnull as required, format_type(atttypid, atttypmod) as type
      from pg_attribute where attrelid = ${`${schema}.${name}`}::regclass and attnum > 0 and not attisdropped
      order by attname`;
    const declared = config.columns
      .map((column) => ({ name: column.name, required: column.notNull, type: postgresName(column.getSQLType()) }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    expect(declared).toEqual([...migrated]);
  });

  test.each(configs.map((config) => [config.name, config] as const))(
    "on the indexes and checks of %s",
    async (name, config) => {
      const rows = await sql<{ name: string }[]>`
      select indexname as name from pg_indexes where schemaname = ${schema} and tablename = ${name}
      union all
      select conname from pg_constraint where conrelid = ${`${schema}.${name}`}::regclass and contype = 'c'`;
      const migrated = rows.map((row) => row.name);
      const declared = [
        ...config.indexes.map((index) => index.config.name ?? ""),
        ...config.checks.map((check) => check.name),
      ];
      expect(migrated).toEqual(expect.arrayContaining(declared));
    },
  );
});

/** The type as Postgres names it, which does not count the collation to it. */
const postgresName = (type: string): string => type.replace(' COLLATE "C"', "");
