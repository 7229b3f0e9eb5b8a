import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { transaction } from "../src/index.ts";
import { type Kept, keptDatabase, type Scratch, scratchDatabase } from "./scratch.ts";

let scratch: Scratch;
let kept: Kept;

beforeAll(async () => {
  scratch = await scratchDatabase();
  await scratch.sql`create table counters (id int primary key, n int not null)`;
  await scratch.sql`insert into counters values (1, 0), (2, 0)`;
  kept = keptDatabase(scratch.url);
});

afterAll(async () => {
  await kept.close();
  await scratch.drop();
});

const add = (id: number) => sql`update counters set n = n + 1 where id = ${id}`;
const value = async (id: number) => (await scratch.sql`select n from counters where id = ${id}`)[0]?.n;

describe("transaction", () => {
  test("two that deadlock both commit in the end", async () => {
    const met = Promise.withResolvers<void>();
    let inside = 0;
    let runs = 0;
    const through = Promise.withResolvers<void>();
    const crossing = async (first: number, second: number) => {
      await transaction(kept.db, async (tx) => {
        runs += 1;
        // The one that gave way comes back when the other is through: in its way it could deadlock with it again.
        if (runs > 2) await through.promise;
        await tx.execute(add(first));
        inside += 1;
        if (inside === 2) met.resolve();
        await met.promise;
        await tx.execute(add(second));
      });
      through.resolve();
    };
    await Promise.all([crossing(1, 2), crossing(2, 1)]);
    expect(runs).toBe(3);
    expect([await value(1), await value(2)]).toEqual([2, 2]);
  });

  test("one that never gets through ends as a conflict", async () => {
    let runs = 0;
    const doomed = transaction(kept.db, async (tx) => {
      runs += 1;
      await tx.execute(sql`do $$ begin raise sqlstate '40001'; end $$`);
    });
    await expect(doomed).rejects.toMatchObject({ code: "conflict", status: 409 });
    expect(runs).toBe(4);
  });

  test("any other failure undoes it and is not repeated", async () => {
    const before = await value(1);
    let runs = 0;
    const failing = transaction(kept.db, async (tx) => {
      runs += 1;
      await tx.execute(add(1));
      throw new RangeError("no");
    });
    await expect(failing).rejects.toThrow(RangeError);
    expect(runs).toBe(1);
    expect(await value(1)).toBe(before);
  });

  test("a nested one is undone alone", async () => {
    const [first, second] = [await value(1), await value(2)];
    await transaction(kept.db, async (tx) => {
      await tx.execute(add(1));
      const nested = tx.transaction(async (inner) => {
        await inner.execute(add(2));
        throw new RangeError("no");
      });
      await expect(nested).rejects.toThrow(RangeError);
    });
    expect([await value(1), await value(2)]).toEqual([first + 1, second]);
  });
});
