import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Ended, trivet } from "./command.ts";
import { type Fixture, makeProject } from "./fixture.ts";

const run = (project: Fixture, ...args: string[]): Promise<Ended> =>
  trivet(project.folder, ["cron", ...args], databases);

// Nothing connects: what these crons do needs no database.
const databases = { DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" };

const worker = `export default {
  fetch: () => new Response("hello"),
  async scheduled({ cron, scheduledTime }, env, ctx) {
    const answer = await env.USERS?.fetch(new Request("http://users/health"));
    ctx.waitUntil(Promise.resolve().then(() => console.log(cron, new Date(scheduledTime).toISOString(), answer?.status)));
    if (cron === "0 0 29 2 *") throw new Error("too rare");
  },
};`;

/** Three services; auth has crons and calls users. */
async function cronProject(): Promise<Fixture> {
  const project = await makeProject();
  const auth = join(project.folder, "workers/auth");
  writeFileSync(join(auth, "src/worker.ts"), worker);
  writeFileSync(
    join(auth, "wrangler.toml"),
    'name = "t-auth"\nmain = "src/worker.ts"\n[[services]]\nbinding = "USERS"\nservice = "t-users"\n[triggers]\ncrons = ["*/5 * * * *", "0 0 29 2 *"]\n',
  );
  writeFileSync(join(project.folder, "workers/users/wrangler.toml"), 'name = "t-users"\nmain = "src/worker.ts"\n');
  writeFileSync(
    join(project.folder, "wrangler.toml"),
    'name = "t-router"\nmain = "workers/router/src/worker.ts"\n[dev]\nport = 8787\n',
  );
  return project;
}

describe("trivet cron", () => {
  test("list shows each cron of each service with its next ticks", async () => {
    const project = await cronProject();
    const { code, stdout } = await run(project, "list");
    expect(code).toBe(0);
    expect(stdout).toMatch(/auth +\*\/5 \* \* \* \* +\d{4}-\d\d-\d\dT\d\d:\d[05]Z +\S+Z +\S+Z\n/);
    expect(stdout).toMatch(/auth +0 0 29 2 \* +20\d\d-02-29T00:00Z/);
    expect((await run(project, "list", "users")).stdout).toBe("There are no crons.\n");
  });

  test("run runs one now, with the services it calls in the same process, and waits for all it does", async () => {
    const { code, stdout } = await run(await cronProject(), "run", "auth", "*/5 * * * *");
    expect(stdout).toMatch(/\*\/5 \* \* \* \* \d{4}-\S+Z 200/);
    expect(code).toBe(0);
  });

  test("run exits 1 when the run fails, and when there is no such cron or service, with those there are", async () => {
    const project = await cronProject();
    expect(await run(project, "run", "auth", "0 0 29 2 *")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("too rare"),
    });
    const unknown = await run(project, "run", "auth", "* * * * *");
    expect(unknown).toMatchObject({
      code: 1,
      stderr: 'auth has no cron "* * * * *"; it has "*/5 * * * *", "0 0 29 2 *".\n',
    });
    expect(await run(project, "run", "nobody", "x")).toMatchObject({
      code: 1,
      stderr: "There is no service nobody.\n",
    });
  });
});
