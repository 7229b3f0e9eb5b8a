import { globSync } from "node:fs";
import { join } from "node:path";
import { migrateDown, migrateUp, snapshotSchema } from "@trivet/db/migrations";
import { getTableColumns, is } from "drizzle-orm";
import { getTableConfig, PgTable } from "drizzle-orm/pg-core";
import { afterAll, describe, expect, test } from "vitest";
import { createTestDatabase } from "../src/database/create-test-database.ts";
import { migratedServices, migrationsOf } from "../src/database/migrations-on-disk.ts";
import { asAdmin } from "../src/database/test-server.ts";
import { root } from "../src/root.ts";

const database = await createTestDatabase();
afterAll(() => database.drop());

const services = migratedServices();
// The host has a schema, too; its SQL is text, so no tables.ts declares it.
const withTablesFile = services.filter((service) => service !== "host");
const urlOf = (service: string) => database.urls[service] ?? "";

interface Column {
  table: string;
  column: string;
  type: string;
  nullable: boolean;
}

/** What the migrations made, with types spelled as the catalogue does. */
const migratedColumns = (service: string): Promise<Column[]> =>
  asAdmin(urlOf(service), (sql) =>
    sql<Column[]>`
      SELECT relname AS table, attname AS column, format_type(atttypid, atttypmod) AS type, NOT attnotnull AS nullable
      FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
      WHERE relnamespace = ${service}::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
        AND attnum > 0 AND NOT attisdropped AND relname <> 'migrations'
      ORDER BY 1, 2`.then((rows) => [...rows]),
  );

/** What a service's tables.ts says, with types spelled as the catalogue does. */
async function declaredColumns(service: string): Promise<Column[]> {
  const files = globSync(`workers/${service}/src/{tables.ts,tables/*.ts}`, { cwd: root });
  const modules: object[] = await Promise.all(files.map((file) => import(join(root, file))));
  const tables = new Set(modules.flatMap((module) => Object.values(module)).filter((value) => is(value, PgTable)));
  const columns = [...tables].flatMap((table) =>
    Object.values(getTableColumns(table)).map((column) => ({
      table: getTableConfig(table).name,
      column: column.name,
      type: column.getSQLType(),
      nullable: !column.notNull,
    })),
  );
  const spelled = await spelledByCatalogue(columns.map(({ type }) => type));
  const respelled = columns.map((column, index) => ({ ...column, type: spelled[index] ?? "" }));
  const key = ({ table, column }: Column) => `${table} ${column}`;
  return respelled.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** `varchar(30)` becomes `character varying(30)`: a table of one column a type is made, read and dropped. */
const spelledByCatalogue = (types: readonly string[]): Promise<string[]> =>
  asAdmin(database.adminUrl, async (sql) => {
    await sql.unsafe(`CREATE TEMP TABLE spelled (${types.map((type, index) => `c${index} ${type}`).join(", ")})`);
    const rows = await sql<{ type: string }[]>`
      SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute
      WHERE attrelid = 'spelled'::regclass AND attnum > 0 ORDER BY attnum`;
    return rows.map(({ type }) => type);
  });

const schemasOf = async (service: string) => {
  const files = globSync(`workers/${service}/src/{tables.ts,tables/*.ts}`, { cwd: root });
  const modules: object[] = await Promise.all(files.map((file) => import(join(root, file))));
  const tables = modules.flatMap((module) => Object.values(module)).filter((value) => is(value, PgTable));
  return [...new Set(tables.map((table) => getTableConfig(table).schema))];
};

test("every service with tables has migrations, and the other way round", () => {
  const withTables = globSync("workers/*/src/tables.ts", { cwd: root }).map((file) => file.split("/")[1]);
  expect(withTables.sort()).toEqual(withTablesFile);
  expect(services.length).toBeGreaterThan(0);
});

describe.for(services)("the migrations of %s", (service) => {
  const target = { url: urlOf(service), service, migrations: migrationsOf(service) };

  test("lead down to nothing and up to the same schema again", async () => {
    const before = await snapshotSchema(target.url, service);
    await migrateDown(target, target.migrations.length);
    const empty = await snapshotSchema(target.url, service);
    expect(empty.relations).toEqual([]);
    expect(empty.functions).toEqual([]);
    expect(empty.types).toEqual([]);
    await migrateUp(target);
    expect(await snapshotSchema(target.url, service)).toEqual(before);
  });

  test("lead down and up one by one, each leaving what it found", async () => {
    for (let steps = 1; steps <= target.migrations.length; steps += 1) {
      const before = await snapshotSchema(target.url, service);
      expect(await migrateDown(target, steps)).toHaveLength(steps);
      expect(await migrateUp(target)).toHaveLength(steps);
      expect(await snapshotSchema(target.url, service)).toEqual(before);
    }
  });

  test("make a schema that the roles of other services cannot read", async () => {
    for (const other of services.filter((name) => name !== service)) {
      const [row] = await asAdmin(
        urlOf(other),
        (sql) => sql<{ allowed: boolean }[]>`SELECT has_schema_privilege(${service}, 'USAGE') AS allowed`,
      );
      expect(row?.allowed, `${other} may use ${service}`).toBe(false);
    }
  });
});

test.for(withTablesFile)("the migrations of %s make the tables that tables.ts declares", async (service) => {
  expect(await schemasOf(service)).toEqual([service]);
  expect(await declaredColumns(service)).toEqual(await migratedColumns(service));
});
