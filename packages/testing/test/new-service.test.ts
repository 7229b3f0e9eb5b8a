import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { otherNames } from "../../../workers/router/src/public-path.ts";
import { router } from "../../../workers/router/src/service.ts";
import { client } from "../src/client.ts";
import { copyOfRepository } from "../src/copy-of-repository.ts";
import { urlOfDatabase } from "../src/database/template.ts";
import { asAdmin } from "../src/database/test-server.ts";
import { register, withRole } from "../src/people.ts";
import { root } from "../src/root.ts";
import { freePort } from "../src/system/free-port.ts";
import { startProcess } from "../src/system/start-process.ts";

/** Says that a check hangs; on a busy machine they take their time. */
const patience = 300_000;

const server = process.env.TRIVET_TEST_DATABASE_URL ?? "";

let copy: ReturnType<typeof copyOfRepository>;
beforeAll(() => {
  copy = copyOfRepository();
});
afterAll(() => copy.remove());

interface Ended {
  code: number;
  output: string;
}

/** Runs a program of the copy with nothing of this run's own configuration. */
const run = (program: string, ...args: string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const { PATH = "", HOME = "" } = process.env;
    const env = { PATH, HOME, NO_COLOR: "1", DATABASE_URL: server };
    const options = { cwd: copy.path, env, maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, [program, ...args], options, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr });
    });
  });
const trivet = (...args: string[]) => run("packages/host/bin/trivet.mjs", ...args);

const isThere = (path: string) => existsSync(join(copy.path, path));
/** Every file that a new service could touch, with what is in it. */
const everything = () =>
  Object.fromEntries(
    ["*.{md,toml,json}", "workers/**/*.{ts,toml,json}", "drizzle/**/*.sql", "packages/contracts/**/*.ts"]
      .flatMap((pattern) => globSync(pattern, { cwd: copy.path, exclude: (name) => name === "node_modules" }))
      .map((path) => [path, readFileSync(join(copy.path, path), "utf8")]),
  );

/** First segments of paths that the router answers itself, or takes for those of another service. */
const takenPaths = [
  ...router.routes.map(({ contract }) => contract.path),
  ...otherNames({ has: () => true }).map(([path]) => path),
].flatMap((path) => path.split("/")[1]?.match(/^[a-z]{2,}$/) ?? []);
const taken = [...new Set(takenPaths)].filter((name) => !existsSync(join(root, "workers", name)));

describe("trivet new writes nothing", () => {
  test("with --dry-run, which lists what it would write", async () => {
    const before = everything();
    const { code, output } = await trivet("new", "notes", "--dry-run");
    expect(code).toBe(0);
    for (const path of ["new      workers/notes/src/service.ts", "changed  wrangler.toml"])
      expect(output).toContain(path);
    expect(everything()).toEqual(before);
  });

  test.each(["Notes", "users", "class"])("64: for a service called %s, and says why", async (name) => {
    const before = everything();
    const { code, output } = await trivet("new", name);
    expect({ code, output }).toEqual({ code: 64, output: expect.stringMatching(name) });
    expect(everything()).toEqual(before);
  });

  test.each(taken)("64: for a service called %s, as the router has another use for it", async (name) => {
    expect(await trivet("new", name)).toMatchObject({
      code: 64,
      output: expect.stringContaining("has another use for that word"),
    });
  });

  test("1: where it does not know a file that has to name the service", async () => {
    const catalogue = join(copy.path, "packages/contracts/src/events/catalogue.ts");
    const text = readFileSync(catalogue, "utf8");
    onTestFinished(() => writeFileSync(catalogue, text));
    writeFileSync(catalogue, text.replace("export const events = {", "export const all = {"));
    const { code, output } = await trivet("new", "notes");
    expect({ code, output }).toEqual({
      code: 1,
      output: expect.stringContaining("catalogue.ts is not as this command"),
    });
    expect(isThere("workers/notes")).toBe(false);
  });

  test("that stays, when something cannot be written in the end", async () => {
    const obstacle = join(copy.path, "README.md.new");
    const before = everything();
    onTestFinished(() => rmSync(obstacle));
    writeFileSync(obstacle, "mine");
    const { code, output } = await trivet("new", "notes");
    expect({ code, output }).toEqual({
      code: 1,
      output: expect.stringMatching(/README\.md\.new.*Nothing was written\.\n$/),
    });
    expect(everything()).toEqual(before);
    expect([isThere("workers/notes"), isThere("drizzle/notes"), readFileSync(obstacle, "utf8")]).toEqual([
      false,
      false,
      "mine",
    ]);
  });
});

describe("what trivet new writes", () => {
  beforeAll(async () => {
    // Lines are as long, and imports as sorted, as names of any length make them.
    for (const name of ["notes", "aa", "z".repeat(20)]) expect(await trivet("new", name)).toMatchObject({ code: 0 });
  });

  test.each([
    ["format and lint", "node_modules/.bin/biome", ["check", "--error-on-warnings"]],
    ["types", "node_modules/.bin/tsc", ["-p", "tsconfig.json"]],
    ["types of tests", "node_modules/.bin/tsc", ["-p", "tsconfig.node.json"]],
    ["arrows", "packages/testing/bin/check-arrows.ts", []],
    ["dead code", "node_modules/.bin/knip", []],
  ])("passes the check of %s", { timeout: patience }, async (_, program, args) => {
    const { code, output } = await run(program, ...args);
    expect(code, output).toBe(0);
  });

  test("passes its own tests, and those over all services", { timeout: patience }, async () => {
    const overAll = ["tables", "event-queues", "event-handlers"].map((name) => `packages/testing/test/${name}.test.ts`);
    const vitest = ["node_modules/.bin/vitest", "run", "--project", "parts"] as const;
    const { code, output } = await run(...vitest, "workers/notes", ...overAll);
    expect(code, output).toBe(0);
    expect(output).toContain("notes holds the same after events that come each twice");
  });

  test("works on Node, from the first start: what is added is there, and in the log", async () => {
    const adminUrl = await emptyDatabase();
    const url = `http://127.0.0.1:${await freePort()}`;
    const env = { DATABASE_URL: adminUrl, PORT: new URL(url).port, LOG_LEVEL: "warning" };
    const options = { runtime: "node", services: [], env, readyUrl: `${url}/ready`, root: copy.path } as const;
    const started = await startProcess(options);
    onTestFinished(() => started.stop());
    const api = client(url);
    const [ada, admin] = [await register(api), await withRole(api, adminUrl, "admin")];
    const { status, body } = await api.post("/notes/items", { text: "milk" }, ada.token);
    expect(status).toBe(201);
    expect(await api.get("/notes/items", ada.token)).toMatchObject({ body: { items: [body], nextCursor: null } });
    const logged = async () => Object((await api.get(`/events?subject=${ada.id}`, admin.token)).body).items;
    const event = { event: "notes.item_added", service: "notes", data: { userId: ada.id, itemId: Object(body).id } };
    await expect.poll(logged).toContainEqual(expect.objectContaining(event));
  });
});

/** A database that nobody has migrated, gone after the test with the roles that are made for it. */
async function emptyDatabase(): Promise<string> {
  const name = `trivet_new_${randomBytes(4).toString("hex")}`;
  await asAdmin(server, (sql) => sql`CREATE DATABASE ${sql(name)}`);
  onTestFinished(() =>
    asAdmin(server, async (sql) => {
      const roles = await sql<
        { role: string }[]
      >`SELECT rolname AS role FROM pg_roles WHERE rolname LIKE ${`${name}_%`}`;
      await sql`DROP DATABASE ${sql(name)} WITH (FORCE)`;
      for (const { role } of roles) await sql`DROP ROLE ${sql(role)}`;
    }),
  );
  return urlOfDatabase(server, name);
}
