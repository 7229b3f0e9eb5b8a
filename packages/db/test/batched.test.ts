import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { batched, type Database } from "../src/index.ts";
import { type Kept, keptDatabase, type Scratch, scratchDatabase } from "./scratch.ts";

let scratch: Scratch;
let kept: Kept;

beforeAll(async () => {
  scratch = await scratchDatabase();
  kept = keptDatabase(scratch.url);
});

afterAll(async () => {
  await kept.close();
  await scratch.drop();
});

/** Doubles numbers in the database, and notes how many went in each statement. */
function doubling() {
  const sizes: number[] = [];
  const double = batched(async (db: Database, numbers: number[]) => {
    sizes.push(numbers.length);
    const rows = await db.execute(
      sql`select n * 2 as doubled from unnest(${`{${numbers.join(",")}}`}::int[]) with ordinality as t(n, p) order by p`,
    );
    return rows.map((row) => Number(row.doubled));
  });
  return { double, sizes };
}

describe("batched", () => {
  test("each of a thousand callers gets the answer to its own question, in few statements", async () => {
    const { double, sizes } = doubling();
    const numbers = Array.from({ length: 1_000 }, (_, index) => index);
    expect(await Promise.all(numbers.map((number) => double(kept.db, number)))).toEqual(numbers.map((n) => n * 2));
    expect(sizes.length).toBeLessThan(25);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(64);
  });

  test("a caller alone is not kept waiting for others", async () => {
    const { double, sizes } = doubling();
    expect(await double(kept.db, 21)).toBe(42);
    expect(sizes).toEqual([1]);
  });

  test("a failure is told to those of its batch, and to nobody after them", async () => {
    const invert = batched(async (db: Database, numbers: number[]) => {
      const rows = await db.execute(
        sql`select 1 / n as inverted from unnest(${`{${numbers.join(",")}}`}::int[]) as t(n)`,
      );
      return rows.map((row) => Number(row.inverted));
    });
    await expect(invert(kept.db, 0)).rejects.toThrow();
    expect(await invert(kept.db, 1)).toBe(1);
  });

  test("an answer that does not fit its batch is refused, not shifted to others", async () => {
    const forgetful = batched(async (_db: Database, numbers: number[]) => numbers.slice(1));
    await expect(forgetful(kept.db, 1)).rejects.toThrow("A batch of 1 was answered by 0.");
  });

  test("who asks in one turn of the event loop goes in one statement", async () => {
    const { double, sizes } = doubling();
    await Promise.all([1, 2, 3].map((number) => double(kept.db, number)));
    expect(sizes).toEqual([3]);
  });

  test("callers of two databases never share a statement", async () => {
    const other = keptDatabase(scratch.url);
    const sent: { db: Database; askers: string[] }[] = [];
    const echo = batched(async (db: Database, askers: string[]) => {
      sent.push({ db, askers });
      return askers;
    });
    try {
      await Promise.all(
        ["mine", "theirs", "mine", "theirs"].map((asker) => echo(asker === "mine" ? kept.db : other.db, asker)),
      );
      expect(sent.flatMap(({ askers }) => askers)).toHaveLength(4);
      for (const { db, askers } of sent) expect(new Set(askers)).toEqual(new Set([db === kept.db ? "mine" : "theirs"]));
    } finally {
      await other.close();
    }
  });
});
