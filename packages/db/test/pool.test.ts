import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { Pool } from "../src/pool.ts";

const open: Pool[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((pool) => pool.close()));
});

/** Nothing connects before a statement, and no statement is sent here. */
function poolOf(max: number): Pool {
  const pool = new Pool({
    url: "postgres://nobody@127.0.0.1:1/none",
    max,
    patience: 5_000,
    idleTimeout: 1,
    connection: {},
  });
  open.push(pool);
  return pool;
}

test("a connection that is given back goes to who waits for it, and to nobody who comes at the same moment", async () => {
  const pool = poolOf(1);
  const first = await pool.turn();
  const admitted: string[] = [];
  const coming = async (name: string) => {
    const turn = await pool.turn();
    admitted.push(name);
    return turn;
  };
  const second = coming("second");
  first.done();
  const third = coming("third");
  const fourth = coming("fourth");
  await turnOfTheLoop();
  expect(admitted).toEqual(["second"]);
  (await second).done();
  await turnOfTheLoop();
  expect(admitted).toEqual(["second", "third"]);
  (await third).done();
  (await fourth).done();
  expect(admitted).toEqual(["second", "third", "fourth"]);
});
