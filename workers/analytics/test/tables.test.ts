import { createTestDatabase, type TestDatabase } from "@trivet/testing";
import { is } from "drizzle-orm";
import { getTableConfig, PgTable } from "drizzle-orm/pg-core";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as tables from "../src/tables.ts";

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

const configs = Object.values(tables).flatMap((table) => (is(table, PgTable) ? [getTableConfig(table)] : []));

describe("tables.ts and the migrations agree", () => {
  test("on which tables there are", async () => {
    const rows = await sql<{ name: string }[]>`
      select table_name as name from information_schema.tables where table_schema = 'analytics' order by 1`;
    const migrated = rows.map(({ name }) => name).filter((name) => name !== "migrations");
    expect(configs.map(({ name }) => name).toSorted()).toEqual(migrated);
  });

  test.each(configs.map((config) => [config.name, config] as const))("on the columns of %s", async (name, config) => {
    const migrated = await sql`
      select attname as name, attnotnull as required, format_type(atttypid, atttypmod) as type
      from pg_attribute where attrelid = ${`analytics.${name}`}::regclass and attnum > 0 and not attisdropped
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
      select indexname as name from pg_indexes where schemaname = 'analytics' and tablename = ${name}
      union all
      select conname from pg_constraint where conrelid = ${`analytics.${name}`}::regclass and contype = 'c'`;
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
