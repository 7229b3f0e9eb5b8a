import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { isPermitted } from "../../src/cli/permission.ts";
import { hold, temporaryFolder } from "../postgres/holder.ts";
import { trivet } from "./command.ts";
import { makeProject } from "./fixture.ts";

describe("trivet migrate", () => {
  test("up, status, down: each service by itself", async () => {
    const { folder } = await makeProject();
    const said = async (...args: string[]) => {
      const { code, stdout, stderr } = await trivet(folder, ["migrate", ...args]);
      return { code, text: stdout.replaceAll(/\d{4}-\S+Z/g, "<time>") + stderr };
    };
    expect(await said("up", "--service", "users")).toEqual({ code: 0, text: "users: applied 0001_things\n" });
    expect(await said("up")).toEqual({ code: 0, text: "auth: applied 0001_things\nusers: up to date\n" });
    expect(await said("status")).toEqual({
      code: 0,
      text: "  auth   0001_things  applied  <time>\n  users  0001_things  applied  <time>\n",
    });
    expect(await said("down", "--service", "users")).toEqual({ code: 0, text: "users: took back 0001_things\n" });
    expect(await said("status", "--service", "users")).toEqual({ code: 0, text: "  users  0001_things  pending\n" });
    expect(await said("down", "--service", "users", "--steps", "0")).toMatchObject({ code: 64 });
  });

  test("status: 1 when an applied migration was changed, and up says which", async () => {
    const { folder } = await makeProject();
    await trivet(folder, ["migrate", "up"]);
    const file = join(folder, "drizzle/users/0001_things.up.sql");
    writeFileSync(file, `${readFileSync(file, "utf8")}-- later thoughts\n`);
    expect(await trivet(folder, ["migrate", "status"])).toMatchObject({ code: 1, stdout: /0001_things {2}changed/ });
    const { code, stderr } = await trivet(folder, ["migrate", "up"]);
    expect(code).toBe(1);
    expect(stderr).toContain("drizzle/users/0001_things.up.sql was changed after it was applied");
  });
});

test("78: names in .env that are slips of those which choose the database; nothing is migrated, nor the embedded one made", async () => {
  const { folder } = await makeProject();
  const slips = { DATABSE_URL: "DATABASE_URL", DATABASE_URI: "DATABASE_URL", TRIVET_ENVV: "TRIVET_ENV" };
  // What the services alone read is no business of a migration.
  const lines = [...Object.keys(slips), "LOG_LEVELS"].map((name) => `${name}=canary\n`);
  writeFileSync(join(folder, ".env"), lines.join(""));
  const { code, stdout, stderr } = await trivet(folder, ["migrate", "up"]);
  expect({ code, stdout }).toEqual({ code: 78, stdout: "" });
  expect(stderr).toMatch(/^The configuration has 3 faults:\n/);
  for (const [slip, meant] of Object.entries(slips)) {
    expect(stderr).toMatch(new RegExp(`- ${slip} .*: rename it to ${meant}, or take it out$`, "m"));
  }
  expect(stderr).not.toContain("canary");
  expect(existsSync(join(folder, ".trivet"))).toBe(false);
});

describe("trivet migrate down", () => {
  const second = { up: "CREATE TABLE users.more (id int);\n", down: "DROP TABLE users.more;\n" };

  async function migrated() {
    const { folder } = await makeProject();
    for (const [way, sql] of Object.entries(second))
      writeFileSync(join(folder, `drizzle/users/0002_more.${way}.sql`), sql);
    expect(await trivet(folder, ["migrate", "up"])).toMatchObject({ code: 0 });
    const said = async (args: string[], env: Record<string, string> = {}) => {
      const { code, stdout, stderr } = await trivet(folder, ["migrate", "down", "--service=users", ...args], env);
      return { code, text: stdout + stderr };
    };
    const applied = async () =>
      (await trivet(folder, ["migrate", "status", "--service=users"])).stdout.match(/applied/g)?.length ?? 0;
    return { said, applied };
  }

  test("more than one step, and any in production, is taken where nobody can be asked with --yes alone", async () => {
    const { said, applied } = await migrated();
    const unasked = /^This takes back 0002_more.*To do so without being asked add --yes\.\n$/;
    expect(await said(["--steps=2"])).toEqual({ code: 64, text: expect.stringMatching(unasked) });
    expect(await said([], { TRIVET_ENV: "production" })).toEqual({ code: 64, text: expect.stringMatching(unasked) });
    expect(await applied()).toBe(2);
    expect(await said(["--steps=2", "--yes"])).toEqual({ code: 0, text: "users: took back 0002_more, 0001_things\n" });
  });

  test("1: more steps than are applied take none back", async () => {
    const { said, applied } = await migrated();
    expect(await said(["--steps=99", "--yes"])).toEqual({
      code: 1,
      text: "users has 2 applied, so 99 cannot be taken back; nothing was.\n",
    });
    expect(await applied()).toBe(2);
  });

  test.each([
    ["yes\n", true],
    ["Y\n", true],
    ["no\n", false],
    ["\n", false],
    ["", false],
  ])("the answer %j means %j", async (answer, permitted) => {
    const input = new PassThrough();
    input.end(answer);
    expect(await isPermitted("All of it.", input, new PassThrough())).toBe(permitted);
  });
});

describe("trivet migrate, on a database that does not let it in", () => {
  test("what is not there, or refused, is told by the variable; a role yet to be made by the command that makes it", async () => {
    const { folder } = await makeProject();
    const { url } = await hold(temporaryFolder());
    const said = async (command: string, change: { pathname?: string; username?: string }) => {
      const changed = Object.assign(new URL(url), change);
      const { code, stderr } = await trivet(folder, ["migrate", command], { DATABASE_URL: changed.href });
      return { code, stderr };
    };
    for (const command of ["up", "status"]) {
      expect(await said(command, { pathname: "/nosuch" })).toEqual({
        code: 78,
        stderr: expect.stringMatching(/^.*\n {2}- DATABASE_URL names what is not there \(database "nosuch" .*\n$/),
      });
      expect(await said(command, { username: "nosuch" })).toEqual({
        code: 78,
        stderr: expect.stringMatching(/^.*\n {2}- DATABASE_URL is refused by the server \(.*nosuch.*\n$/),
      });
    }
    expect(await said("status", {})).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^(auth|users) has no role in this database yet.* Run: npx trivet migrate up\n$/),
    });
  });
});

describe("trivet doctor", () => {
  test("0 where all is well, and 78 with a sentence where the configuration is not", async () => {
    const { folder } = await makeProject();
    await trivet(folder, ["migrate", "up"]);
    const well = await trivet(folder, ["doctor"]);
    expect(well).toMatchObject({ code: 0, stderr: "" });
    for (const line of [
      /^ok +Node +v24/m,
      /^ok +embedded Postgres +made, started/m,
      /^ok +variables +complete for development$/m,
      /^ok +clock +the database's is 0\.\d s /m,
      /^ok +port \d+ +free for router$/m,
      /^ok +migrations +all 2 applied/m,
    ]) {
      expect(well.stdout).toMatch(line);
    }
    writeFileSync(join(folder, "wrangler.toml"), 'name = "trivet-router"\nmain = "gone.ts"\n[[kv_namespaces]]\n');
    const ill = await trivet(folder, ["doctor"]);
    expect(ill.code).toBe(78);
    expect(ill.stdout).toMatch(/^fail +manifests +.*kv_namespaces/m);
    expect(ill.stdout).toContain("gone.ts, which does not exist");
  });
});
