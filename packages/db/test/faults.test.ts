import { TrivetError } from "@trivet/platform";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { databaseFault, isUniqueViolation } from "../src/index.ts";
import { changed, type Kept, keptDatabase, type Scratch, scratchDatabase } from "./scratch.ts";

let scratch: Scratch;
let kept: Kept;

beforeAll(async () => {
  scratch = await scratchDatabase();
  await scratch.sql`create table people (id int primary key, email text constraint people_email_key unique)`;
  kept = keptDatabase(scratch.url);
});

afterAll(async () => {
  await kept.close();
  await scratch.drop();
});

const failure = (work: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(work).then(
    () => expect.unreachable("It should have failed."),
    (error: unknown) => error,
  );

describe("databaseFault", () => {
  test("a statement the server cancels is deadline_exceeded", async () => {
    const hasty = keptDatabase(changed(scratch.url, (url) => url.searchParams.set("statement_timeout", "50")));
    const error = await failure(hasty.db.execute(sql`select pg_sleep(5)`));
    expect(databaseFault(error)).toMatchObject({ code: "deadline_exceeded" });
    await hasty.close();
  });

  test("nobody listening, no such database and a refused login are unavailable", async () => {
    for (const change of [
      (url: URL) => (url.port = "1"),
      (url: URL) => (url.pathname = "/no_such_database"),
      (url: URL) => (url.username = "no_such_role"),
    ]) {
      const other = keptDatabase(changed(scratch.url, change));
      const error = await failure(other.db.execute(sql`select 1`));
      expect(databaseFault(error)).toMatchObject({ code: "unavailable", status: 503, retryAfter: 1 });
      await other.close();
    }
  });

  test("too many connections are unavailable", async () => {
    const role = `${scratch.name}_narrow`;
    await scratch.sql.unsafe(`create role ${role} login connection limit 1 password 'narrow'`);
    const narrow = changed(scratch.url, (url) => {
      url.username = role;
      url.password = "narrow";
    });
    const [first, second] = [keptDatabase(narrow), keptDatabase(narrow)];
    // From now on the one connection there may be is held.
    await first.db.execute(sql`select 1`);
    expect(databaseFault(await failure(second.db.execute(sql`select 1`)))).toMatchObject({ code: "unavailable" });
    await Promise.all([first.close(), second.close()]);
  });

  test("a session ended by an administrator is unavailable, in and out of a transaction", async () => {
    const end = () =>
      scratch.sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'trivet test' and query like '%victim%'`;
    const sleeping = failure(kept.db.execute(sql`select pg_sleep(3) as victim`));
    await expect.poll(async () => (await end()).length, { interval: 20 }).toBeGreaterThan(0);
    expect(databaseFault(await sleeping)).toMatchObject({ code: "unavailable" });
    const inside = failure(kept.db.transaction((tx) => tx.execute(sql`select pg_sleep(3) as victim`)));
    await expect.poll(async () => (await end()).length, { interval: 20 }).toBeGreaterThan(0);
    expect(databaseFault(await inside)).toMatchObject({ code: "unavailable" });
    await kept.db.execute(sql`select 1`);
  });

  test("a fault in our SQL is internal, and what it says holds no value of the statement", async () => {
    const canary = "canary-3f9a";
    for (const work of [
      kept.db.execute(sql`select * from nowhere where email = ${canary}`),
      kept.db.execute(sql`select ${canary}::uuid`),
      kept.db.execute(sql`insert into people values (null, ${canary})`),
    ]) {
      const fault = databaseFault(await failure(work));
      expect(fault).toMatchObject({ code: "internal", status: 500 });
      expect(fault?.cause).toBeInstanceOf(Error);
      expect(`${fault?.message} ${fault?.cause} ${JSON.stringify(fault?.cause)}`).not.toContain(canary);
    }
  });

  test("other failures are left to whoever knows them", () => {
    expect(databaseFault(new TypeError("no"))).toBeUndefined();
    expect(databaseFault(new TrivetError("not_found"))).toBeUndefined();
    expect(databaseFault("text")).toBeUndefined();
  });

  test("an error thrown by the transaction's function comes out as it is", async () => {
    const own = new TrivetError("forbidden");
    expect(await failure(kept.db.transaction(() => Promise.reject(own)))).toBe(own);
  });
});

describe("isUniqueViolation", () => {
  test("tells which constraint was run into", async () => {
    await scratch.sql`insert into people values (1, 'a@example.org')`;
    const twin = await failure(kept.db.execute(sql`insert into people values (2, 'a@example.org')`));
    expect(isUniqueViolation(twin)).toBe(true);
    expect(isUniqueViolation(twin, "people_email_key")).toBe(true);
    expect(isUniqueViolation(twin, "people_pkey")).toBe(false);
    const inside = failure(kept.db.transaction((tx) => tx.execute(sql`insert into people values (1, 'b')`)));
    expect(isUniqueViolation(await inside, "people_pkey")).toBe(true);
    expect(isUniqueViolation(await failure(kept.db.execute(sql`select 1/0`)))).toBe(false);
  });
});
