import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDatabase, pingDatabase, prepared } from "../src/index.ts";
import { changed, keptDatabase, type Scratch, scratchDatabase } from "./scratch.ts";

let scratch: Scratch;

beforeAll(async () => {
  scratch = await scratchDatabase();
});

afterAll(() => scratch.drop());

const sessions = async (application: string): Promise<number> => {
  const [row] = await scratch.sql<{ count: number }[]>`
    select count(*)::int as count from pg_stat_activity
    where datname = ${scratch.name} and application_name = ${application}`;
  return row?.count ?? 0;
};

/** The server notices who comes and goes a moment after it was said. */
const eventually = (application: string, count: number) => expect.poll(() => sessions(application)).toBe(count);

describe("a binding that keeps connections", () => {
  test("has one database per process, closed when the process has drained", async () => {
    let opened = 0;
    const closers: (() => Promise<void>)[] = [];
    const binding = {
      connectionString: changed(scratch.url, (url) => url.searchParams.set("pool_max", "2")),
      keep<T>(open: () => T, close: (resource: T) => Promise<void>): T {
        opened += 1;
        const resource = open();
        closers.push(() => close(resource));
        return resource;
      },
    };
    const first = openDatabase(binding, { service: "kept", defer: () => expect.unreachable() });
    const second = openDatabase(binding, { service: "kept", defer: () => expect.unreachable() });
    expect(second).toBe(first);
    expect(opened).toBe(1);
    expect(await sessions("trivet kept")).toBe(0);
    await Promise.all(Array.from({ length: 20 }, () => first.execute(sql`select pg_sleep(0.01)`)));
    await eventually("trivet kept", 2);
    await Promise.all(closers.map((close) => close()));
    await eventually("trivet kept", 0);
    await expect(pingDatabase(first, 1_000)).rejects.toMatchObject({ code: "unavailable" });
  });

  test("bounds statements on the server too, by default and as its connection string says", async () => {
    const usual = keptDatabase(scratch.url);
    const patient = keptDatabase(changed(scratch.url, (url) => url.searchParams.set("statement_timeout", "9000")));
    expect(await usual.db.execute(sql`show statement_timeout`)).toMatchObject([{ statement_timeout: "4s" }]);
    expect(await patient.db.execute(sql`show statement_timeout`)).toMatchObject([{ statement_timeout: "9s" }]);
    await Promise.all([usual.close(), patient.close()]);
  });

  test("prepares statements once per connection, unless told not to", async () => {
    const count = sql`select count(*)::int as n from pg_prepared_statements where statement like '% as canary'`;
    const preparing = keptDatabase(changed(scratch.url, (url) => url.searchParams.set("pool_max", "1")));
    const refraining = keptDatabase(changed(scratch.url, (url) => (url.search = "?pool_max=1&prepare=false")));
    for (const { db } of [preparing, refraining]) {
      for (const value of [1, 2, 3]) await db.execute(sql`select ${value}::int as canary`);
    }
    expect(await preparing.db.execute(count)).toEqual([{ n: 1 }]);
    expect(await refraining.db.execute(count)).toEqual([{ n: 0 }]);
    await Promise.all([preparing.close(), refraining.close()]);
  });
});

describe("a binding that keeps nothing", () => {
  test("gives each invocation a client of its own, ended by what it defers", async () => {
    const deferred: (() => Promise<void>)[] = [];
    const binding = { connectionString: scratch.url };
    const scope = { service: "single", defer: (cleanup: () => Promise<void>) => void deferred.push(cleanup) };
    const db = openDatabase(binding, scope);
    expect(openDatabase(binding, scope)).not.toBe(db);
    await Promise.all(Array.from({ length: 8 }, () => db.execute(sql`select pg_sleep(0.01)`)));
    await eventually("trivet single", 3);
    await Promise.all(deferred.map((cleanup) => cleanup()));
    await eventually("trivet single", 0);
  });
});

describe("prepared()", () => {
  test("builds a query once per database", async () => {
    const kept = keptDatabase(scratch.url);
    let built = 0;
    const answer = prepared((db) => {
      built += 1;
      return db
        .select({ n: sql<number>`${sql.placeholder("n")}::int` })
        .from(sql`(select 1) as one`)
        .prepare("answer");
    });
    expect(await answer(kept.db).execute({ n: 7 })).toEqual([{ n: 7 }]);
    expect(await answer(kept.db).execute({ n: 8 })).toEqual([{ n: 8 }]);
    expect(built).toBe(1);
    expect(await kept.db.transaction((tx) => answer(tx).execute({ n: 9 }))).toEqual([{ n: 9 }]);
    await kept.close();
  });
});
