import { randomBytes } from "node:crypto";
import type { Invocation } from "@trivet/platform";
import { newTrace } from "@trivet/platform";
import postgres from "postgres";
import { type Database, openDatabase } from "../src/index.ts";

/** A database of a test file's own, dropped at the end together with the roles named after it. */
export interface Scratch {
  name: string;
  /** As the administrator of the test server. */
  url: string;
  sql: postgres.Sql;
  drop(): Promise<void>;
}

const connect = (url: string, max = 4) => postgres(url, { max, onnotice: () => {} });

export async function scratchDatabase(serverUrl = process.env.TRIVET_TEST_DATABASE_URL): Promise<Scratch> {
  if (serverUrl === undefined)
    throw new Error("TRIVET_TEST_DATABASE_URL should name a Postgres server and a superuser.");
  const name = `db_test_${randomBytes(6).toString("hex")}`;
  const server = connect(serverUrl, 1);
  await server`create database ${server(name)}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const sql = connect(url.href);
  return {
    name,
    url: url.href,
    sql,
    async drop() {
      await sql.end();
      await server`drop database ${server(name)} with (force)`;
      for (const { rolname } of await server`select rolname from pg_roles where starts_with(rolname, ${name})`) {
        await server`drop role ${server(String(rolname))}`;
      }
      await server.end();
    },
  };
}

/** The same server and database as somebody else, or with other settings. */
export function changed(url: string, change: (url: URL) => void): string {
  const copy = new URL(url);
  change(copy);
  return copy.href;
}

export interface Kept {
  db: Database;
  close(): Promise<void>;
}

/** Opens a database as a long-lived process does. */
export function keptDatabase(connectionString: string): Kept {
  const closers: (() => Promise<void>)[] = [];
  const db = openDatabase(
    {
      connectionString,
      keep(open, close) {
        const resource = open();
        closers.push(() => close(resource));
        return resource;
      },
    },
    { service: "test", defer: () => {} },
  );
  return {
    db,
    async close() {
      await Promise.all(closers.map((close) => close()));
    },
  };
}

/** What `publish` wants to know of an invocation. */
export const invocation = (): Pick<Invocation, "trace"> => ({ trace: newTrace() });
