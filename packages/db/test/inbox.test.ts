import { readFile } from "node:fs/promises";
import { sql } from "drizzle-orm";
import { pgSchema } from "drizzle-orm/pg-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inboxTable, once } from "../src/index.ts";
import { type Kept, keptDatabase, type Scratch, scratchDatabase } from "./scratch.ts";

const inbox = inboxTable(pgSchema("shop"));

let scratch: Scratch;
let kept: Kept;

beforeAll(async () => {
  scratch = await scratchDatabase();
  const table = await readFile(new URL("../sql/inbox.sql", import.meta.url), "utf8");
  await scratch.sql.unsafe(`create schema shop; set search_path = shop; ${table} create table effects (id uuid);`);
  kept = keptDatabase(scratch.url);
});

afterAll(async () => {
  await kept.close();
  await scratch.drop();
});

const handle = (id: string, fail = false): Promise<void> =>
  kept.db.transaction((tx) =>
    once(tx, inbox, { id, event: "user.created" }, async () => {
      await tx.execute(sql`insert into shop.effects values (${id})`);
      if (fail) throw new RangeError("no");
    }),
  );

const effects = async (id: string): Promise<number> => {
  const found = await scratch.sql`select from shop.effects where id = ${id}`;
  return found.length;
};

describe("once", () => {
  test("an event that comes again has no second effect", async () => {
    const id = crypto.randomUUID();
    await handle(id);
    await handle(id);
    expect(await effects(id)).toBe(1);
  });

  test("copies that come at the same time have one effect between them", async () => {
    const id = crypto.randomUUID();
    await Promise.all(Array.from({ length: 8 }, () => handle(id)));
    expect(await effects(id)).toBe(1);
  });

  test("an effect that fails is undone with the note of it, so the next copy has its effect", async () => {
    const id = crypto.randomUUID();
    await expect(handle(id, true)).rejects.toThrow(RangeError);
    expect(await effects(id)).toBe(0);
    await handle(id);
    expect(await effects(id)).toBe(1);
  });
});
