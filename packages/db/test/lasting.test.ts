import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LastingDatabase, openLasting } from "../src/lasting.ts";
import { type Scratch, scratchDatabase } from "./scratch.ts";

let scratch: Scratch;
let database: LastingDatabase;

beforeAll(async () => {
  scratch = await scratchDatabase();
  database = openLasting(scratch.url, "lasting", { enable_seqscan: "off" });
});

afterAll(async () => {
  await database.close();
  await scratch.drop();
});

const listeners = () =>
  scratch.sql`select pid from pg_stat_activity
    where datname = ${scratch.name} and application_name = 'trivet lasting listens'`;

describe("a database for a process that lasts", () => {
  test("answers queries with what they select, planned as its owner wants", async () => {
    expect(await database.query("select $1::int + 1 as sum, $2::text as word", [1, "so"])).toEqual([
      { sum: 2, word: "so" },
    ]);
    expect(await database.query("show enable_seqscan")).toEqual([{ enable_seqscan: "off" }]);
  });

  test("hears what is notified, and says when it may have missed something: at first and after a loss", async () => {
    const heard: string[] = [];
    let missed = 0;
    const listening = database.listen(
      "news",
      (payload) => heard.push(payload),
      () => {
        missed += 1;
      },
    );
    await expect.poll(() => missed).toBe(1);
    await scratch.sql`select pg_notify('news', 'first')`;
    await expect.poll(() => heard).toEqual(["first"]);
    await scratch.sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = ${scratch.name} and application_name = 'trivet lasting listens'`;
    await expect.poll(() => missed, { timeout: 3_000 }).toBe(2);
    await scratch.sql`select pg_notify('news', 'second')`;
    await expect.poll(() => heard).toEqual(["first", "second"]);
    await listening.close();
    await expect.poll(async () => (await listeners()).length).toBe(0);
  });
});
