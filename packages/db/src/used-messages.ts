import type { ReplayStore } from "@trivet/platform";
import { lt, sql } from "drizzle-orm";
import { type PgSchema, text, timestamp } from "drizzle-orm/pg-core";
import { batched } from "./batched.ts";
import type { Database } from "./open.ts";

/** The ids of encrypted requests that have come. `sql/used-messages.sql` is the migration that goes with it. */
export const usedMessagesTable = (schema: PgSchema) =>
  schema.table("used_messages", {
    id: text("id").primaryKey(),
    usedAt: timestamp("used_at", { withTimezone: true }).notNull().defaultNow(),
  });

export type UsedMessagesTable = ReturnType<typeof usedMessagesTable>;

type Claim = (db: Database, id: string) => Promise<boolean>;

const claims = new WeakMap<UsedMessagesTable, Claim>();

/** Longer than any message is good for: its lifetime, and what the clocks of sender, receiver and database may differ by. */
const memory = sql`interval '10 minutes'`;

/** Keeps them in a table of the service's own schema, so that its processes, and Workers, know of one another's. */
export class UsedMessages implements ReplayStore {
  readonly #db: Database;
  readonly #table: UsedMessagesTable;

  constructor(db: Database, table: UsedMessagesTable) {
    this.#db = db;
    this.#table = table;
  }

  /** Of copies that come at the same time, one is the first. */
  claim(id: string): Promise<boolean> {
    const known = claims.get(this.#table);
    if (known) return known(this.#db, id);
    const claim = batched((db, ids: string[]) => insert(db, this.#table, ids));
    claims.set(this.#table, claim);
    return claim(this.#db, id);
  }

  /** Deletes what has expired; for a cron. */
  async sweep(): Promise<void> {
    await this.#db.delete(this.#table).where(lt(this.#table.usedAt, sql`now() - ${memory}`));
  }
}

/** Whether each id is new, where the first of equal ones is. One parameter however many there are. */
async function insert(db: Database, table: UsedMessagesTable, ids: readonly string[]): Promise<boolean[]> {
  // In one order everywhere, so that two statements cannot wait for each other.
  const given = JSON.stringify([...new Set(ids)].toSorted());
  const rows = await db
    .insert(table)
    .select(sql`SELECT value, now() FROM jsonb_array_elements_text(${given}::jsonb)`)
    .onConflictDoNothing()
    .returning({ id: table.id });
  const fresh = new Set(rows.map(({ id }) => id));
  return ids.map((id) => fresh.delete(id));
}
