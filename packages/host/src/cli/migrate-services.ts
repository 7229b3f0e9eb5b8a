import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  bootstrap,
  type MigrationState,
  type MigrationTarget,
  migrateDown,
  migrateUp,
  migrationStatus,
  parseMigrations,
} from "@trivet/db/migrations";
import { ConfigurationError } from "../configuration-error.ts";
import { databaseUrl } from "../hyperdrive/index.ts";
import { variablePrefix } from "../manifest/index.ts";
import type { SchemaOwner } from "../store/index.ts";
import { withDerivedRole, withUrlOf } from "./login.ts";
import type { Project } from "./project.ts";

/** What to migrate, and the extensions that an administrator has to create for it. */
interface Schema extends MigrationTarget {
  extensions: readonly string[];
  /** Whether the role is ours to make; one with a URL of its own was made by somebody else. */
  derived: boolean;
}

export interface MigrationReport {
  service: string;
  names: string[];
}

/** Brings the schema of every selected service, and the host's, up to date, its role first. */
export async function migrateServicesUp(project: Project, adminUrl: string | undefined): Promise<MigrationReport[]> {
  const reports: MigrationReport[] = [];
  for (const schema of await readSchemas(project, adminUrl)) {
    const { service, derived, extensions } = schema;
    if (derived && adminUrl) {
      await withUrlOf("DATABASE_URL", () => bootstrap(adminUrl, service, extensions));
    }
    reports.push({ service, names: await asService(schema, adminUrl, () => migrateUp(schema)) });
  }
  return reports;
}

export async function migrateServicesDown(
  project: Project,
  adminUrl: string | undefined,
  steps: number,
): Promise<MigrationReport[]> {
  const reports: MigrationReport[] = [];
  for (const schema of await readSchemas(project, adminUrl)) {
    reports.push({
      service: schema.service,
      names: await asService(schema, adminUrl, () => migrateDown(schema, steps)),
    });
  }
  return reports;
}

export async function readMigrationStates(
  project: Project,
  adminUrl: string | undefined,
): Promise<{ service: string; states: MigrationState[] }[]> {
  const schemas = await readSchemas(project, adminUrl);
  return await Promise.all(
    schemas.map(async (schema) => ({
      service: schema.service,
      states: await asService(schema, adminUrl, () => migrationStatus(schema)),
    })),
  );
}

const asService = <T>(
  { service, derived }: Schema,
  adminUrl: string | undefined,
  work: () => Promise<T>,
): Promise<T> =>
  derived && adminUrl ? withDerivedRole(service, adminUrl, work) : withUrlOf(ownUrlVariable(service), work);

const ownUrlVariable = (service: string): string => `DATABASE_URL_${variablePrefix(service)}`;

async function readSchemas(project: Project, adminUrl: string | undefined): Promise<Schema[]> {
  const read = await Promise.all(project.owners.map((owner) => readSchema(project, owner, adminUrl)));
  const faults = read.flatMap(({ fault }) => fault ?? []);
  if (faults.length > 0) throw new ConfigurationError(faults);
  return read.flatMap(({ schema }) => schema ?? []);
}

async function readSchema(
  { root, source }: Project,
  owner: SchemaOwner,
  adminUrl: string | undefined,
): Promise<{ schema?: Schema; fault?: string }> {
  const { service } = owner;
  const { url, fault } = await databaseUrl(source, owner, adminUrl);
  if (url === undefined) return { fault: fault ?? `${owner.need} has no database` };
  const migrations = parseMigrations(service, await readFiles(join(root, "drizzle", service)));
  const derived = !source.read(ownUrlVariable(service));
  return { schema: { url, service, migrations, extensions: migrations.flatMap((one) => one.extensions), derived } };
}

async function readFiles(folder: string): Promise<{ name: string; text: string }[]> {
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => name.endsWith(".sql")).sort();
  return await Promise.all(files.map(async (name) => ({ name, text: await readFile(join(folder, name), "utf8") })));
}
