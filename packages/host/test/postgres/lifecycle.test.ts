import { once } from "node:events";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { startEmbeddedPostgres } from "../../src/postgres/index.ts";
import { hold, logOf, postmasterPid, query, temporaryFolder, until } from "./holder.ts";

describe("startEmbeddedPostgres", () => {
  test("brings up Postgres 18 on the loopback interface, and keeps the data and the port over a restart", async () => {
    const directory = temporaryFolder();
    const first = await startEmbeddedPostgres({ directory });
    expect(first.url).toMatch(/^postgres:\/\/postgres:[\w-]{32}@127\.0\.0\.1:\d+\/trivet$/);
    await query(first.url, "create table kept as select 42 as answer");
    const shown = await query(
      first.url,
      "select current_setting('server_version_num')::int / 10000 as major, " +
        "current_setting('listen_addresses') as listens, current_setting('fsync') as fsync, " +
        "current_setting('synchronous_commit') as commits, current_setting('max_connections') as connections",
    );
    expect(shown[0]).toEqual({ major: 18, listens: "127.0.0.1", fsync: "on", commits: "on", connections: "200" });
    await first.stop();
    expect(postmasterPid(directory)).toBeUndefined();

    const second = await startEmbeddedPostgres({ directory });
    expect(second.url).toBe(first.url);
    expect(await query(second.url, "select answer from kept")).toEqual([{ answer: 42 }]);
    await second.stop();
  });

  test("keeps the password where only its user reads it, and asks for it", async () => {
    const directory = temporaryFolder();
    const { url, stop } = await startEmbeddedPostgres({ directory });
    expect(statSync(join(directory, "postgres", "trivet.json")).mode & 0o777).toBe(0o600);
    await expect(query(url.replace(/:[\w-]{32}@/, ":guess@"), "select 1")).rejects.toMatchObject({ code: "28P01" });
    await stop();
  });

  test("takes another port when somebody else has taken its own", async () => {
    const directory = temporaryFolder();
    const first = await startEmbeddedPostgres({ directory });
    await first.stop();
    const squatter = createServer().listen(Number(new URL(first.url).port), "127.0.0.1");
    await once(squatter, "listening");
    onTestFinished(() => void squatter.close());

    const second = await startEmbeddedPostgres({ directory });
    expect(new URL(second.url).port).not.toBe(new URL(first.url).port);
    expect(await query(second.url, "select 1 as one")).toEqual([{ one: 1 }]);
    await second.stop();
    await expect(startEmbeddedPostgres({ directory, port: Number(new URL(first.url).port) })).rejects.toThrow(
      /Port \d+, which the embedded Postgres was told to use, is taken/,
    );
  });

  test("is shared by all processes of a folder, and stops when the last one leaves", async () => {
    const directory = temporaryFolder();
    const holders = await Promise.all([hold(directory), hold(directory), hold(directory)]);
    const [a, b, c] = holders;
    expect(new Set(holders.map(({ url }) => url)).size).toBe(1);
    const pid = postmasterPid(directory);
    await a?.stop();
    await b?.stop();
    expect(postmasterPid(directory)).toBe(pid);
    expect(await query(c?.url ?? "", "select 1 as one")).toEqual([{ one: 1 }]);
    expect(await c?.stop()).toBe(0);
    expect(postmasterPid(directory)).toBeUndefined();
  });

  test("comes and goes under many users without ever failing one", async () => {
    const directory = temporaryFolder();
    const visits = Array.from({ length: 4 }, async () => {
      for (let visit = 0; visit < 5; visit++) {
        const { url, stop } = await startEmbeddedPostgres({ directory });
        expect(await query(url, "select 1 as one")).toEqual([{ one: 1 }]);
        await stop();
      }
    });
    await Promise.all(visits);
    expect(postmasterPid(directory)).toBeUndefined();
  });
});

describe("after kill -9", () => {
  test("of its only user, the server stops by itself and the next start finds what was committed", async () => {
    const directory = temporaryFolder();
    const holder = await hold(directory);
    await query(holder.url, "create table kept as select 42 as answer");
    await holder.kill();
    await until("the server is gone", () => postmasterPid(directory) === undefined);
    const { url, stop } = await startEmbeddedPostgres({ directory });
    expect(await query(url, "select answer from kept")).toEqual([{ answer: 42 }]);
    await stop();
  });

  test("of one user of two, the other keeps the server", async () => {
    const directory = temporaryFolder();
    const [dead, alive] = await Promise.all([hold(directory), hold(directory)]);
    const pid = postmasterPid(directory);
    await dead.kill();
    // The dead one's stand-in has had its turn once its own session has come and gone.
    const visitors = "select count(*)::int as n from pg_stat_activity where application_name like 'trivet %'";
    await until("only one user is left", async () => (await query(alive.url, visitors))[0]?.n === 1);
    expect(postmasterPid(directory)).toBe(pid);
    await alive.stop();
    expect(postmasterPid(directory)).toBeUndefined();
  });

  test("of the server, its users get it back on the same port with what was committed", async () => {
    const directory = temporaryFolder();
    const holder = await hold(directory);
    await query(holder.url, "create table kept as select 42 as answer");
    const killed = postmasterPid(directory);
    process.kill(killed ?? 0, "SIGKILL");
    await until("another server is up", () => ![killed, undefined].includes(postmasterPid(directory)));
    await until("it answers", () =>
      query(holder.url, "select 1").then(
        () => true,
        () => false,
      ),
    );
    expect(await query(holder.url, "select answer from kept")).toEqual([{ answer: 42 }]);
    await holder.stop();
    expect(postmasterPid(directory)).toBeUndefined();
  });

  test("of the server and its user, the stale lock is no obstacle", async () => {
    const directory = temporaryFolder();
    const holder = await hold(directory);
    await query(holder.url, "create table kept as select 42 as answer");
    const pid = postmasterPid(directory);
    await holder.kill();
    process.kill(pid ?? 0, "SIGKILL");
    const { url, stop } = await startEmbeddedPostgres({ directory });
    expect(await query(url, "select answer from kept")).toEqual([{ answer: 42 }]);
    expect(logOf(directory)).toContain("automatic recovery in progress");
    await stop();
  });

  test("and a reboot, a stale lock whose pid now belongs to a stranger is no obstacle", async () => {
    const directory = temporaryFolder();
    const first = await startEmbeddedPostgres({ directory });
    await first.stop();
    const stranger = String(process.pid);
    writeFileSync(join(directory, "postgres", "postmaster.pid"), `${stranger}\n/elsewhere\n1\n1\n\n\n1 1\nready   \n`);
    const { url, stop } = await startEmbeddedPostgres({ directory });
    expect(await query(url, "select 1 as one")).toEqual([{ one: 1 }]);
    expect(readFileSync(join(directory, "postgres", "postmaster.pid"), "utf8").split("\n")[0]).not.toBe(stranger);
    await stop();
  });
});
