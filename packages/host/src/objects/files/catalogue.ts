import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { StoredObject } from "../driver.ts";

/** An object and the file that holds its bytes. */
export interface Entry {
  object: StoredObject;
  blob: string;
}

/**
 * What is stored under which key: one SQLite database for each bucket. A row is the moment at which an
 * object exists, with its metadata; many processes of one machine may share it.
 */
export interface Catalogue {
  find(key: string): Entry | undefined;
  /** Entries from `from` on and before `end`, both as bytes of keys, in their order. */
  page(from: Uint8Array, end: Uint8Array | undefined, limit: number): Entry[];
  names(blob: string): boolean;
  put(entry: Entry): void;
  delete(key: string): void;
  prepare(sql: string): StatementSync;
  /**
   * Runs `work`, which is not to wait for anything, where nobody else changes anything, and resolves when
   * what it did would survive a power failure. Changes that come together share one transaction.
   */
  change<T>(work: () => T): Promise<T>;
  close(): void;
}

const schema = `
  PRAGMA busy_timeout = 10000;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS objects (key BLOB PRIMARY KEY, object TEXT NOT NULL, blob TEXT NOT NULL) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS objects_by_blob ON objects (blob);
  CREATE TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, key BLOB NOT NULL, details TEXT NOT NULL,
    begun INTEGER NOT NULL, ended INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS parts (upload TEXT NOT NULL, number INTEGER NOT NULL, blob TEXT NOT NULL,
    size INTEGER NOT NULL, etag TEXT NOT NULL, md5 TEXT NOT NULL, PRIMARY KEY (upload, number)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS parts_by_blob ON parts (blob);
`;

export function openCatalogue(directory: string): Catalogue {
  mkdirSync(directory, { recursive: true });
  const database = new DatabaseSync(join(directory, "catalogue.db"));
  database.exec(schema);
  const find = database.prepare("SELECT object, blob FROM objects WHERE key = ?");
  const page = database.prepare("SELECT object, blob FROM objects WHERE key >= ? ORDER BY key LIMIT ?");
  const pageBefore = database.prepare(
    "SELECT object, blob FROM objects WHERE key >= ? AND key < ? ORDER BY key LIMIT ?",
  );
  const named = database.prepare(
    "SELECT 1 FROM objects WHERE blob = ?1 UNION ALL SELECT 1 FROM parts WHERE blob = ?1 LIMIT 1",
  );
  const put = database.prepare("INSERT OR REPLACE INTO objects (key, object, blob) VALUES (?, ?, ?)");
  const remove = database.prepare("DELETE FROM objects WHERE key = ?");
  const transactions = groupTransactions(database);
  return {
    find(key) {
      const row = find.get(bytesOf(key));
      return row && entryOf(row);
    },
    page: (from, end, limit) => (end ? pageBefore.all(from, end, limit) : page.all(from, limit)).map(entryOf),
    names: (blob) => named.get(blob) !== undefined,
    put: ({ object, blob }) => void put.run(bytesOf(object.key), JSON.stringify(object), blob),
    delete: (key) => void remove.run(bytesOf(key)),
    prepare: (sql) => database.prepare(sql),
    change: transactions.change,
    close() {
      transactions.flush();
      database.close();
    },
  };
}

/** Keys are compared as bytes: in the order of their UTF-8, whatever they hold. */
export const bytesOf = (key: string): Uint8Array => Buffer.from(key, "utf8");

function entryOf(row: Record<string, unknown>): Entry {
  return { object: storedObject(String(row.object)), blob: String(row.blob) };
}

/** `put` above is the only one to write this column, and wrote it from a `StoredObject`. */
const storedObject = (json: string): StoredObject => JSON.parse(json) as StoredObject;

interface Change {
  /** Does the work and hands back how to tell of it once it lasts. */
  attempt(): () => void;
  fail(error: unknown): void;
}

/** One transaction for everything that was asked for in one turn of the event loop: one wait for the disk. */
function groupTransactions(database: DatabaseSync) {
  let waiting: Change[] = [];
  const flush = (): void => {
    const group = waiting;
    waiting = [];
    if (group.length === 0) return;
    try {
      database.exec("BEGIN IMMEDIATE");
      const tell = group.map((change) => change.attempt());
      database.exec("COMMIT");
      for (const one of tell) one();
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      for (const change of group) change.fail(error);
    }
  };
  const change = <T>(work: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      // Work that refuses does so before it has changed anything, and takes nobody along.
      const attempt = (): (() => void) => {
        try {
          const value = work();
          return () => resolve(value);
        } catch (error) {
          return () => reject(error);
        }
      };
      waiting.push({ attempt, fail: reject });
      if (waiting.length === 1) setImmediate(flush);
    });
  return { change, flush };
}
