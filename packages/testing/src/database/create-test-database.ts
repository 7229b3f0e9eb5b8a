import { randomBytes } from "node:crypto";
import process from "node:process";
import { serviceUrl } from "@trivet/db/migrations";
import { migratedServices } from "./migrations-on-disk.ts";
import { urlOfDatabase } from "./template.ts";
import { asAdmin } from "./test-server.ts";

/** A migrated, empty database of its own for one test file. */
export interface TestDatabase {
  /** A superuser's URL of this database. */
  adminUrl: string;
  /** By service: the URL of its own role, which owns its schema and nothing else. */
  urls: Record<string, string>;
  /** The environment by which a system finds this database. */
  env: Record<string, string>;
  drop(): Promise<void>;
}

/** Clones the template that the run's global setup has migrated. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { TRIVET_TEST_DATABASE_URL: server, TRIVET_TEST_TEMPLATE: template } = process.env;
  if (server === undefined || template === undefined) {
    throw new Error("There is no test database: run the tests by `npm test` or vitest, whose global setup makes one.");
  }
  const name = `${template}_${randomBytes(4).toString("hex")}`;
  await asAdmin(server, async (sql) => {
    await sql`CREATE DATABASE ${sql(name)} TEMPLATE ${sql(template)}`;
  });
  const adminUrl = urlOfDatabase(server, name);
  const urls: Record<string, string> = {};
  const env: Record<string, string> = {};
  for (const service of migratedServices()) {
    // The template's roles: a clone is owned by whom its original is owned by.
    const url = urlOfDatabase(await serviceUrl(urlOfDatabase(server, template), service), name);
    urls[service] = url;
    env[`DATABASE_URL_${service.toUpperCase().replaceAll("-", "_")}`] = url;
  }
  const drop = () =>
    asAdmin(server, async (sql) => {
      await sql`DROP DATABASE IF EXISTS ${sql(name)} WITH (FORCE)`;
    });
  return { adminUrl, urls, env, drop };
}
