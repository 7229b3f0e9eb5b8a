import { setTimeout as pause } from "node:timers/promises";
import { TrivetError } from "@trivet/platform";
import { timed } from "@trivet/testing/timed";
import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { databaseFault, pingDatabase } from "../src/index.ts";
import { type FaultyProxy, proxyTo } from "./faulty-proxy.ts";
import { changed, type Kept, keptDatabase, type Scratch, scratchDatabase } from "./scratch.ts";

let scratch: Scratch;
let proxy: FaultyProxy;
let kept: Kept | undefined;

beforeAll(async () => {
  scratch = await scratchDatabase();
  await scratch.sql`create table notes (text text)`;
});

afterAll(() => scratch.drop());

beforeEach(async () => {
  proxy = await proxyTo(scratch.url);
});

afterEach(async () => {
  await proxy.close();
  await kept?.close();
});

/** A statement is given up after `patience` milliseconds, which is no less than one second. */
const open = (poolMax: number, patience?: number): Kept => {
  kept = keptDatabase(
    changed(proxy.url, (url) => {
      url.searchParams.set("pool_max", String(poolMax));
      if (patience !== undefined) url.searchParams.set("statement_timeout", String(patience - 1_000));
    }),
  );
  return kept;
};

/** What came of work: `ok`, or the code of its failure. */
const codeOf = (work: PromiseLike<unknown>): Promise<string | undefined> =>
  Promise.resolve(work).then(
    () => "ok",
    (error: unknown) => (error instanceof TrivetError ? error.code : databaseFault(error)?.code),
  );

/** By a clock that a busy machine slows down as it does the server, which is asked past the proxy. */
const held = <T>(work: () => PromiseLike<T>) => timed(work, () => scratch.sql`select 1`);

/** Callers as a service under load has them: each tries, is told, tries again. Resolves at the first success of all. */
async function recovery(callers: number, attempt: () => PromiseLike<unknown>): Promise<void> {
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while ((await codeOf(attempt())) !== "ok") await pause(20);
    }),
  );
}

const select = (db: Kept["db"]) => db.execute(sql`select 1`);
const warmUp = (db: Kept["db"]) => Promise.all(Array.from({ length: 5 }, () => db.execute(sql`select pg_sleep(0.05)`)));
/** What is done at a deadline is done within so many milliseconds of it. */
const slack = 100;

describe("a database that accepts and never answers", () => {
  test("costs a caller its patience and no more, on open connections and on new ones", async () => {
    const { db } = open(5, 1_200);
    await warmUp(db);
    proxy.silence();
    for (let round = 0; round < 3; round += 1) {
      const twenty = () => Promise.all(Array.from({ length: 20 }, () => codeOf(select(db))));
      const { outcome: codes, milliseconds } = await held(twenty);
      for (const code of codes) expect(["deadline_exceeded", "unavailable"]).toContain(code);
      expect(milliseconds).toBeLessThan(1_200 + slack);
    }
  });

  test("is forgotten within 5 s of its return, its old connections being dead", async () => {
    const { db } = open(5);
    await warmUp(db);
    proxy.silence();
    const callers = recovery(20, () => select(db));
    await pause(1_000);
    await proxy.forward();
    expect((await held(() => callers)).milliseconds).toBeLessThan(5_000);
  });

  test("is forgotten within 5 s when it was silent from the first connection on", async () => {
    const { db } = open(5);
    proxy.silence();
    expect(await codeOf(select(db))).toBe("unavailable");
    const callers = recovery(20, () => select(db));
    await proxy.forward();
    expect((await held(() => callers)).milliseconds).toBeLessThan(5_000);
  });

  test("lets a transaction's caller go, and does none of what never was sent", async () => {
    const { db } = open(2, 1_200);
    await warmUp(db);
    const { promise: silent, resolve: silenced } = Promise.withResolvers<void>();
    const inside = codeOf(
      db.transaction(async (tx) => {
        await tx.execute(sql`insert into notes values ('first')`);
        proxy.silence();
        silenced();
        await tx.execute(sql`insert into notes values ('second')`);
      }),
    );
    await silent;
    const waiting = Array.from({ length: 10 }, () => codeOf(db.execute(sql`insert into notes values ('third')`)));
    const { outcome, milliseconds } = await held(() => inside);
    expect(outcome).toBe("deadline_exceeded");
    expect(milliseconds).toBeLessThan(1_200 + slack);
    for (const code of await Promise.all(waiting)) expect(["deadline_exceeded", "unavailable"]).toContain(code);
    await proxy.forward();
    await recovery(5, () => select(db));
    expect(await scratch.sql`select text from notes`).toEqual([]);
  });

  test("fails a ping at the ping's own deadline", async () => {
    const { db } = open(2);
    await pingDatabase(db, 1_000);
    proxy.silence();
    const { outcome, milliseconds } = await held(() => codeOf(pingDatabase(db, 200)));
    expect(outcome).toBe("deadline_exceeded");
    expect(milliseconds).toBeLessThan(200 + slack);
  });
});

describe("a database that is gone", () => {
  test("fails callers at once and is back for them as soon as it is back", async () => {
    const { db } = open(5);
    await warmUp(db);
    await proxy.refuse();
    for (let round = 0; round < 3; round += 1) {
      const twenty = () => Promise.all(Array.from({ length: 20 }, () => codeOf(select(db))));
      const { outcome: codes, milliseconds } = await held(twenty);
      expect(new Set(codes)).toEqual(new Set(["unavailable"]));
      expect(milliseconds).toBeLessThan(1_000);
    }
    await proxy.forward();
    expect((await held(() => recovery(20, () => select(db)))).milliseconds).toBeLessThan(1_000);
  });
});
