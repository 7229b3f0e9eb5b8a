import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { postmasterPid, until } from "../postgres/holder.ts";
import { answers, belowShell, readJson, serving } from "./command.ts";
import { makeProject } from "./fixture.ts";

const answerOf = (service: string, folder: string) => ({
  service,
  role: `trivet_${service}`,
  secret: JSON.parse(readFileSync(join(folder, ".trivet/secrets.json"), "utf8")).SERVICE_JWT_SECRET,
  edition: "first",
});

describe("trivet start", () => {
  test.each([
    ["Node", []],
    ["Bun", ["--bun"]],
    ["workerd", ["--workers"]],
  ])("on %s: brings up the database and all services, says where, and takes all of it down again", async (_, flags) => {
    const { folder, urlOf } = await makeProject();
    const running = await serving(folder, ["start", ...flags], [urlOf("router")]);
    expect(await readJson(urlOf("router", "/users/x"))).toEqual(answerOf("users", folder));
    expect(await readJson(urlOf("router", "/auth/x"))).toEqual(answerOf("auth", folder));
    await until("the addresses are shown", () => running.output().includes("/docs"));
    const { port } = new URL(urlOf("router"));
    for (const line of [`router  http://localhost:${port}/`, `users   http://localhost:${port}/users`]) {
      expect(running.output()).toContain(line);
    }
    const { code } = await running.stop();
    expect(code).toBe(0);
    expect(postmasterPid(join(folder, ".trivet"))).toBeUndefined();
    await expect(fetch(urlOf("router"))).rejects.toThrow();
  });

  test("three processes, started at once, share one database and one secret until the last has gone", async () => {
    const { folder, urlOf } = await makeProject();
    const [auth, users, router] = await Promise.all([
      serving(folder, ["start", "auth"], [urlOf("auth")]),
      serving(folder, ["start", "users", "--bun"], [urlOf("users")]),
      serving(folder, ["start", "router"], [urlOf("router")]),
    ]);
    expect(await readJson(urlOf("router", "/auth/x"))).toEqual(answerOf("auth", folder));
    expect((await auth.stop("SIGKILL")).code).toBeNull();
    expect(await readJson(urlOf("router", "/users/x"))).toEqual(answerOf("users", folder));
    expect((await users.stop()).code).toBe(0);
    await until("the database is gone", () => postmasterPid(join(folder, ".trivet")) === undefined);
    expect((await router.stop()).code).toBe(0);
  });

  test.each(["start", "dev"])("%s ends in good order with the shell through which npm started it", async (command) => {
    const { folder, urlOf } = await makeProject();
    const running = await serving(folder, [command], [urlOf("router")], { npm_command: "run-script" }, belowShell);
    await running.stop("SIGTERM");
    await until("the database is gone", () => postmasterPid(join(folder, ".trivet")) === undefined);
    await expect(fetch(urlOf("router"))).rejects.toThrow();
  });

  test("one Ctrl-C that arrives twice, as under npm, is one", async () => {
    const { folder, urlOf } = await makeProject();
    const running = await serving(folder, ["start"], [urlOf("router")]);
    process.kill(running.pid, "SIGINT");
    const { code } = await running.stop("SIGINT");
    expect(code).toBe(0);
    expect(postmasterPid(join(folder, ".trivet"))).toBeUndefined();
  });

  test("--workers: the files made for wrangler hold secrets, so only their owner reads them; killed, it leaves nothing", async () => {
    const { folder, ports, urlOf } = await makeProject();
    const running = await serving(folder, ["start", "--workers"], [urlOf("router")]);
    for (const file of ["wrangler.json", ".dev.vars"]) {
      expect(statSync(join(folder, `.trivet/workers/${ports.router}/users`, file)).mode & 0o777).toBe(0o600);
    }
    await running.stop("SIGKILL");
    await until("workerd is gone", () =>
      fetch(urlOf("router")).then(
        () => false,
        () => true,
      ),
    );
    await until("the database is gone", () => postmasterPid(join(folder, ".trivet")) === undefined);
  });
});

test("two systems on workerd at once, of one folder, each answer for themselves and end for themselves", async () => {
  const { folder, urlOf } = await makeProject();
  const other = await makeProject();
  const second = other.urlOf("router");
  const port = `--port=${new URL(second).port}`;
  const one = await serving(folder, ["start", "--workers"], [urlOf("router")]);
  const two = await serving(folder, ["start", "--workers", port], [second]);
  for (const url of [urlOf("router", "/users/x"), other.urlOf("router", "/users/x")]) {
    expect(await readJson(url)).toEqual(answerOf("users", folder));
  }
  expect((await one.stop()).code).toBe(0);
  expect(await readJson(other.urlOf("router", "/auth/x"))).toEqual(answerOf("auth", folder));
  expect((await two.stop()).code).toBe(0);
  expect(postmasterPid(join(folder, ".trivet"))).toBeUndefined();
});

describe("trivet dev", () => {
  test.each([
    ["Node", []],
    ["Bun", ["--bun"]],
  ])("on %s: a saved change is served, a mistake is survived, and the database stays", async (_, flags) => {
    const { folder, urlOf } = await makeProject();
    const running = await serving(folder, ["dev", ...flags], [urlOf("router")]);
    const pid = postmasterPid(join(folder, ".trivet"));
    const file = join(folder, "workers/users/src/worker.ts");
    const first = readFileSync(file, "utf8");
    const serves = (edition: string) =>
      until(`${edition} is served`, async () => {
        const answer = await fetch(urlOf("router", "/users/x")).catch(() => undefined);
        return answer !== undefined && JSON.stringify(await answer.json()).includes(`"${edition}"`);
      });
    writeFileSync(file, first.replace("first", "second"));
    await serves("second");
    await until("one line says where", () => /^trivet: running at http:\S+$/m.test(running.output()));
    writeFileSync(file, "const mistake = (;");
    await until("the mistake is told", () => running.output().includes("Waiting for a change"));
    writeFileSync(file, first.replace("first", "third"));
    await serves("third");
    await answers(urlOf("router"));
    await until("the line is there again", () => running.output().match(/^trivet: running at /gm)?.length === 2);
    // The table of addresses, of which this is a line, was printed by the first start alone.
    expect(running.output().match(/^ {2}docs /gm)?.length).toBe(1);
    expect(postmasterPid(join(folder, ".trivet"))).toBe(pid);
    expect((await running.stop("SIGINT")).code).toBe(0);
    expect(postmasterPid(join(folder, ".trivet"))).toBeUndefined();
  });
});
