import type { TransactionSql } from "postgres";
import { execute } from "./connect.ts";
import { MigrationError } from "./migration-error.ts";
import type { Migration } from "./parse.ts";

/** Where to migrate what. */
export interface MigrationTarget {
  /** The URL of the service's own role. */
  url: string;
  /** The service, which is also its schema. */
  service: string;
  migrations: readonly Migration[];
}

export interface MigrationState {
  name: string;
  /**
   * `changed`, `missing` (applied, but not on disk) and `out of order` (pending, but older than an
   * applied one) are faults: nothing is migrated before they are mended.
   */
  state: "applied" | "pending" | "changed" | "missing" | "out of order";
  appliedAt: Date | undefined;
}

interface AppliedRow {
  name: string;
  checksum: string;
  applied_at: Date;
}

/** Makes the table that remembers what was applied, and the schema where a role of its own may do so. */
export async function ensureBookkeeping(tx: TransactionSql, service: string): Promise<void> {
  const [schema] = await tx`select 1 from pg_namespace where nspname = ${service}`;
  if (!schema) await execute(tx, "create schema %I", service);
  await tx`
    create table if not exists ${tx(`${service}.migrations`)} (
      name text primary key,
      checksum text not null,
      applied_at timestamptz not null default now()
    )`;
}

/** Every migration, known on disk or to the database, in order, with its state. */
export async function readStates(tx: TransactionSql, target: MigrationTarget): Promise<MigrationState[]> {
  const [table] = await tx<{ there: boolean }[]>`
    select to_regclass(format('%I.migrations', ${target.service}::text)) is not null as there`;
  const rows = table?.there ? await tx<AppliedRow[]>`select * from ${tx(`${target.service}.migrations`)}` : [];
  const applied = new Map(rows.map((row) => [row.name, row]));
  const onDisk = new Map(target.migrations.map((migration) => [migration.name, migration]));
  const names = [...new Set([...onDisk.keys(), ...applied.keys()])].sort();
  const newest = [...applied.keys()].sort().at(-1);
  return names.map((name) => {
    const row = applied.get(name);
    return { name, state: stateOf(name, onDisk.get(name), row, newest), appliedAt: row?.applied_at };
  });
}

function stateOf(
  name: string,
  migration: Migration | undefined,
  row: AppliedRow | undefined,
  newest: string | undefined,
): MigrationState["state"] {
  if (!row) return newest !== undefined && name < newest ? "out of order" : "pending";
  if (!migration) return "missing";
  return migration.checksum === row.checksum ? "applied" : "changed";
}

/**
 * Throws on the first migration that is not where it should be.
 *
 * One that is older than an applied one is refused rather than run late: it was written against a
 * schema without the newer one, its way down would be taken at the wrong time, and two databases
 * would have gone through the same files in another order. Renumbering costs its author a minute.
 */
export function refuseFaults(service: string, states: readonly MigrationState[]): void {
  const newest = states.findLast(({ appliedAt }) => appliedAt !== undefined)?.name;
  for (const { name, state } of states) {
    const file = `drizzle/${service}/${name}`;
    if (state === "missing") {
      throw new MigrationError(
        `${name} is applied to ${service} but not on disk. Bring ${file}.up.sql and .down.sql back, or run the release that has them.`,
      );
    }
    if (state === "changed") {
      throw new MigrationError(
        `${file}.up.sql was changed after it was applied. Put its text back and write a new migration for the change.`,
      );
    }
    if (state === "out of order") {
      throw new MigrationError(`${file} is not applied but older than ${newest}, which is. Renumber it to come last.`);
    }
  }
}
