import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { databaseFault, type Transaction } from "../src/index.ts";
import { changed, type Kept, keptDatabase, type Scratch, scratchDatabase } from "./scratch.ts";

let scratch: Scratch;
let kept: Kept;

beforeAll(async () => {
  scratch = await scratchDatabase();
  await scratch.sql`create table notes (text text)`;
  kept = keptDatabase(changed(scratch.url, (url) => url.searchParams.set("pool_max", "1")));
});

afterAll(async () => {
  await kept.close();
  await scratch.drop();
});

const note = (text: string) => sql`insert into notes values (${text})`;

const loseConnection = async (tx: Transaction): Promise<void> => {
  const [row] = await tx.execute(sql`select pg_backend_pid() as pid`);
  const pid = Number(row?.pid);
  await scratch.sql`select pg_terminate_backend(${pid}, 3000)`;
};

const idleSessions = async (): Promise<number> => {
  const idle = await scratch.sql`
    select from pg_stat_activity where datname = ${scratch.name} and state = 'idle in transaction'`;
  return idle.length;
};

describe("a transaction whose connection is lost between two statements", () => {
  test("is refused the rest, even when the pool has connected anew meanwhile", async () => {
    let second: unknown;
    const lost = kept.db.transaction(async (tx) => {
      await tx.execute(note("before"));
      await loseConnection(tx);
      // Until this is answered, the one connection of the pool has been made anew.
      await kept.db.execute(sql`select 1`);
      second = await tx.execute(note("after")).catch((error: unknown) => error);
      return "committed";
    });
    const error = await lost.catch((reason: unknown) => reason);
    expect(databaseFault(error)).toMatchObject({ code: "unavailable" });
    await expect.poll(() => databaseFault(second)?.code, { interval: 10 }).toBe("unavailable");
    expect(await scratch.sql`select * from notes`).toEqual([]);
  });

  test("fails in a nested one too, and lets its function clean up", async () => {
    let cleaned = false;
    const lost = kept.db.transaction(async (tx) => {
      try {
        await tx.transaction(async (inner) => {
          await inner.execute(note("nested"));
          await loseConnection(tx);
          await inner.execute(note("after"));
        });
      } finally {
        cleaned = true;
      }
    });
    const error = await lost.catch((reason: unknown) => reason);
    expect(databaseFault(error)).toMatchObject({ code: "unavailable" });
    await expect.poll(() => cleaned, { interval: 10 }).toBe(true);
    expect(await scratch.sql`select * from notes`).toEqual([]);
  });

  test("the server ending it for idleness is the same", async () => {
    const lost = kept.db.transaction(async (tx) => {
      await tx.execute(sql`set local idle_in_transaction_session_timeout = 50`);
      await tx.execute(note("idle"));
      await expect.poll(() => idleSessions()).toBe(0);
      await tx.execute(note("late"));
    });
    const error = await lost.catch((reason: unknown) => reason);
    expect(databaseFault(error)).toMatchObject({ code: "unavailable" });
    expect(await scratch.sql`select * from notes`).toEqual([]);
    await kept.db.execute(sql`select 1`);
  });
});

describe("a nested transaction that fails", () => {
  const nonsense = async (inner: Transaction): Promise<unknown> => inner.execute(sql`select nonsense`);
  const own = async (inner: Transaction): Promise<unknown> => {
    await inner.execute(note("undone"));
    throw new Error("its function's own");
  };

  test.each([
    ["of the server's refusal", nonsense],
    ["of its own function", own],
  ])("because %s is undone alone: the one around it goes on and commits", async (_, effect) => {
    await scratch.sql`truncate notes`;
    await kept.db.transaction(async (tx) => {
      await tx.execute(note("before"));
      await expect(tx.transaction(effect)).rejects.toThrow();
      await tx.execute(note("after"));
    });
    expect((await scratch.sql`select * from notes`).map(({ text }) => text)).toEqual(["before", "after"]);
  });
});
