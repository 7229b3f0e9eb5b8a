import postgres, { type Sql, type TransactionSql } from "postgres";
import { ensureBookkeeping, type MigrationState, type MigrationTarget, readStates, refuseFaults } from "./applied.ts";
import { connected, exclusively } from "./connect.ts";
import { MigrationError } from "./migration-error.ts";
import type { Migration } from "./parse.ts";

/** A lock that is waited for holds up everybody who comes after, so it is not waited for long. */
const lockTimeout = 10_000;

/**
 * Applies what is pending, oldest first, and returns the names of what it applied.
 *
 * Each migration commits together with its row in `<service>.migrations`, so a crash leaves a whole
 * number of them. Of several processes that start at once, one applies each migration and the
 * others wait. Throws `MigrationError` when the applied set and the files disagree, or when a
 * statement fails.
 */
export async function migrateUp(target: MigrationTarget): Promise<string[]> {
  return await connected(target.url, (sql) =>
    repeatedly(() =>
      step(sql, target, async (tx, states) => {
        const next = states.find(({ state }) => state === "pending");
        const migration = find(target, next?.name);
        if (!migration) return undefined;
        await run(tx, target.service, `${migration.name}.up.sql`, migration.up);
        await tx`
          insert into ${tx(`${target.service}.migrations`)} (name, checksum)
          values (${migration.name}, ${migration.checksum})`;
        return migration.name;
      }),
    ),
  );
}

/** Takes the newest `steps` applied migrations back, newest first, and returns their names. */
export async function migrateDown(target: MigrationTarget, steps: number): Promise<string[]> {
  let left = steps;
  return await connected(target.url, (sql) =>
    repeatedly(() => {
      if (left <= 0) return Promise.resolve(undefined);
      left -= 1;
      return step(sql, target, async (tx, states) => {
        const migration = find(target, states.findLast(({ state }) => state === "applied")?.name);
        if (!migration) return undefined;
        await run(tx, target.service, `${migration.name}.down.sql`, migration.down);
        await tx`delete from ${tx(`${target.service}.migrations`)} where name = ${migration.name}`;
        return migration.name;
      });
    }),
  );
}

/** What is applied, pending or at odds. Changes nothing and refuses nothing. */
export async function migrationStatus(target: MigrationTarget): Promise<MigrationState[]> {
  return await connected(target.url, async (sql) => {
    const { states } = await sql.begin("read only", async (tx) => ({ states: await readStates(tx, target) }));
    return states;
  });
}

async function repeatedly(next: () => Promise<string | undefined>): Promise<string[]> {
  const names: string[] = [];
  for (let name = await next(); name !== undefined; name = await next()) names.push(name);
  return names;
}

/** One migration's transaction. The set is read anew under the lock: another process may have moved on. */
async function step(
  sql: Sql,
  target: MigrationTarget,
  migrate: (tx: TransactionSql, states: MigrationState[]) => Promise<string | undefined>,
): Promise<string | undefined> {
  return await exclusively(sql, `migrations of ${target.service}`, async (tx) => {
    await ensureBookkeeping(tx, target.service);
    const states = await readStates(tx, target);
    refuseFaults(target.service, states);
    await tx`select set_config('lock_timeout', ${String(lockTimeout)}, true)`;
    // In front of what the role has, so that plain names mean this schema for any role.
    await tx`
      select set_config('search_path', quote_ident(${target.service}) || ', ' || current_setting('search_path'), true)`;
    return await migrate(tx, states);
  });
}

const find = (target: MigrationTarget, name: string | undefined): Migration | undefined =>
  target.migrations.find((migration) => migration.name === name);

async function run(tx: TransactionSql, service: string, file: string, text: string): Promise<void> {
  try {
    await tx.unsafe(text);
  } catch (error) {
    if (!(error instanceof postgres.PostgresError)) throw error;
    const line = error.position ? ` at line ${text.slice(0, Number(error.position)).split("\n").length}` : "";
    throw new MigrationError(`drizzle/${service}/${file} failed${line}: ${error.message}.`, { cause: error });
  }
}
