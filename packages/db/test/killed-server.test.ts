import { timed } from "@trivet/testing/timed";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { databaseFault } from "../src/index.ts";
import { type OwnServer, startServer } from "./own-server.ts";
import { changed, type Kept, keptDatabase } from "./scratch.ts";

let server: OwnServer;
let kept: Kept;

beforeAll(async () => {
  server = await startServer();
  kept = keptDatabase(server.url);
  await kept.db.execute(sql`create table notes (id int primary key)`);
});

afterAll(async () => {
  await kept.close();
  await server.stop();
});

describe("a Postgres that is killed under load", () => {
  test("fails what was under way as unavailable, keeps what it acknowledged, and is used again within 5 s", async () => {
    const acknowledged = new Set<number>();
    const codes = new Set<string | undefined>();
    let next = 0;
    let running = true;
    const insert = (id: number) =>
      id % 2 === 0
        ? kept.db.execute(sql`insert into notes values (${id})`)
        : kept.db.transaction(async (tx) => {
            await tx.execute(sql`insert into notes values (${id})`);
            await tx.execute(sql`select pg_sleep(0.002)`);
          });
    const callers = Array.from({ length: 24 }, async () => {
      while (running) {
        next += 1;
        const id = next;
        await insert(id).then(
          () => acknowledged.add(id),
          async (error: unknown) => {
            codes.add(databaseFault(error)?.code);
            await new Promise((resolve) => setTimeout(resolve, 10));
          },
        );
      }
    });
    for (let kill = 0; kill < 2; kill += 1) {
      const before = acknowledged.size;
      await expect.poll(() => acknowledged.size).toBeGreaterThan(before + 200);
      await server.kill();
      await server.start();
      const known = acknowledged.size;
      const { milliseconds } = await timed(() =>
        expect.poll(() => acknowledged.size, { interval: 5 }).toBeGreaterThan(known + 24),
      );
      expect(milliseconds).toBeLessThan(5_000);
    }
    running = false;
    await Promise.all(callers);
    expect([...codes]).toEqual(["unavailable"]);
    const rows = await kept.db.execute<{ id: number }>(sql`select id from notes`);
    const stored = new Set(rows.map(({ id }) => id));
    expect([...acknowledged].filter((id) => !stored.has(id))).toEqual([]);
  });

  test("one stopped backend delays its own statement only, and answers when it goes on", async () => {
    const [row] = await kept.db.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`);
    const pid = Number(row?.pid);
    process.kill(pid, "SIGSTOP");
    try {
      const settled: ("answered" | "given up")[] = [];
      const note = (outcome: "answered" | "given up") => () => void settled.push(outcome);
      const asked = Array.from({ length: 40 }, () =>
        kept.db.execute(sql`select pg_sleep(0.01)`).then(note("answered"), note("given up")),
      );
      await Promise.all(asked);
      // The one that is stuck is given up last: no other has waited for it.
      expect(settled).toEqual([...Array.from({ length: 39 }, () => "answered"), "given up"]);
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await Promise.all(Array.from({ length: 20 }, () => kept.db.execute(sql`select 1`)));
  });

  test("a transaction that was given up before it began is not carried out when the backend goes on", async () => {
    const single = keptDatabase(changed(server.url, (url) => url.searchParams.set("statement_timeout", "10")));
    const [row] = await single.db.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`);
    const pid = Number(row?.pid);
    let runs = 0;
    process.kill(pid, "SIGSTOP");
    try {
      const begun = single.db.transaction(async () => {
        runs += 1;
      });
      const error = await begun.catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: "deadline_exceeded" });
    } finally {
      process.kill(pid, "SIGCONT");
    }
    // It waits for what is still under way.
    await single.close();
    const alive = () => kept.db.execute(sql`select 1 from pg_stat_activity where pid = ${pid}`);
    await expect.poll(async () => (await alive()).length, { timeout: 10_000 }).toBe(0);
    expect(runs).toBe(0);
  });
});
