import { randomBytes } from "node:crypto";
import { bootstrap, migrateUp, serviceUrl } from "@trivet/db/migrations";
import { migratedServices, migrationsOf } from "./migrations-on-disk.ts";
import { asAdmin } from "./test-server.ts";

/** The same server and role, another database. */
export function urlOfDatabase(adminUrl: string, database: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  return url.href;
}

/** What tests clone: a database migrated once for all services, with a role for each. */
export interface Template {
  name: string;
  drop(): Promise<void>;
}

export async function createTemplate(adminUrl: string): Promise<Template> {
  const name = `trivet_test_${randomBytes(4).toString("hex")}`;
  await asAdmin(adminUrl, async (sql) => {
    await sql`CREATE DATABASE ${sql(name)}`;
  });
  const drop = () => dropTemplate(adminUrl, name);
  try {
    for (const service of migratedServices()) await migrateService(urlOfDatabase(adminUrl, name), service);
  } catch (error) {
    await drop();
    throw error;
  }
  return { name, drop };
}

async function migrateService(adminUrl: string, service: string): Promise<void> {
  const migrations = migrationsOf(service);
  await bootstrap(adminUrl, service, [...new Set(migrations.flatMap(({ extensions }) => extensions))]);
  await migrateUp({ url: await serviceUrl(adminUrl, service), service, migrations });
}

/** Removes the template, whatever tests left of its clones, and its roles. */
async function dropTemplate(adminUrl: string, name: string): Promise<void> {
  const template = urlOfDatabase(adminUrl, name);
  const urls = await Promise.all(migratedServices().map((service) => serviceUrl(template, service)));
  const roles = urls.map((url) => decodeURIComponent(new URL(url).username));
  await asAdmin(adminUrl, async (sql) => {
    const left = await sql<{ datname: string }[]>`SELECT datname FROM pg_database WHERE datname LIKE ${`${name}%`}`;
    for (const { datname } of left) await sql`DROP DATABASE ${sql(datname)} WITH (FORCE)`;
    for (const role of roles) await sql`DROP ROLE IF EXISTS ${sql(role)}`;
  });
}
