import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { Agent } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { timed } from "@trivet/testing/timed";
import { describe, expect, onTestFinished, test } from "vitest";
import { isAlive } from "../../src/is-alive.ts";
import { ask, askUntilFarewell } from "../fixtures/load.ts";
import { slowWorker, toml, writeRoot } from "../fixtures/root.ts";
import { postmasterPid, until } from "../postgres/holder.ts";
import { type Running, serving, trivet } from "./command.ts";
import { makeProject } from "./fixture.ts";

interface Pair extends Running {
  url: string;
  folder: string;
  traced(): string;
  /** Those that answer, by their process ids, as soon as there are two of them without this one. */
  pids(without?: number): Promise<number[]>;
}

function makeRoot(worker = slowWorker): string {
  const root = writeRoot({ "wrangler.toml": toml("router", '[vars]\nTRACE = ""\n'), "worker.mjs": worker });
  mkdirSync(join(root, "workers"));
  return root;
}

/** Two processes of a Worker that takes its time, on a port that the system chose. */
async function startPair(
  flags: readonly string[],
  env: Record<string, string> = {},
  folder = makeRoot(),
): Promise<Pair> {
  const trace = join(folder, "trace");
  const running = await serving(folder, ["start", "--processes=2", "--port=0", ...flags], [], { TRACE: trace, ...env });
  let url = "";
  await until("the addresses are told", () => {
    url = /router +(http\S+)/.exec(running.output())?.[1]?.replace("localhost", "127.0.0.1") ?? "";
    return url !== "";
  });
  const pids = async (without?: number): Promise<number[]> => {
    const seen = new Set<number>();
    await until("two processes answer", async () => {
      const pid = await pidOf(url);
      if (pid !== without && pid !== undefined) seen.add(pid);
      return seen.size === 2;
    });
    return [...seen];
  };
  return { ...running, url, folder, pids, traced: () => (existsSync(trace) ? readFileSync(trace, "utf8") : "") };
}

/** On a connection of its own; undefined where the process that had it died. */
const pidOf = async (url: string): Promise<number | undefined> =>
  fetch(`${url}pid`, { headers: { connection: "close" } }).then(
    async (answer) => Number(await answer.text()),
    () => undefined,
  );

/** Dies of a file beside it, those that come after as soon as they run: however busy the machine, none serves long. */
const mortalWorker = `import { existsSync } from "node:fs";
const die = () => existsSync(new URL("die", import.meta.url)) && process.kill(process.pid, "SIGKILL");
// The parent loads it, too, to see what is wrong with it.
if (process.env.TRIVET_PROCESS_NUMBER) setInterval(die, 5);
${slowWorker}`;

const allGone = (pids: readonly number[]): Promise<void> => until("they are gone", () => !pids.some(isAlive));

/** Eight clients, each of which asks again on the connection that it has kept. Resolves when all have one. */
async function startLoad(url: string) {
  const agents = Array.from({ length: 8 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  const outcomes = { answered: 0, farewell: 0, failed: 0 };
  let going = true;
  const first = await Promise.all(agents.map((agent) => ask(url, agent)));
  expect(new Set(first)).toEqual(new Set(["answered"]));
  const clients = agents.map(async (agent) => {
    while (going) outcomes[await ask(url, agent)] += 1;
  });
  return {
    async stop() {
      going = false;
      await Promise.all(clients);
      for (const agent of agents) agent.destroy();
      return outcomes;
    },
  };
}

const count = (text: string, part: string): number => text.split(part).length - 1;

describe.each([
  ["Node", []],
  ["Bun", ["--bun"]],
])("trivet start --processes on %s", (_, flags: string[]) => {
  test("all serve on one port, and the addresses are told once", async () => {
    const { pid, pids, output, stop } = await startPair(flags);
    const members = await pids();
    expect(members).not.toContain(pid);
    expect(count(output(), "/docs")).toBe(1);
    expect((await stop()).code).toBe(0);
    await allGone(members);
  });

  test("one that is killed is replaced while requests go on", async () => {
    const { url, pids, output, stop } = await startPair(flags);
    const [killed = 0] = await pids();
    const load = await startLoad(url);
    process.kill(killed, "SIGKILL");
    expect(await pids(killed)).not.toContain(killed);
    // What was under way in the killed one cannot be saved: a request of each client, at the most.
    expect((await load.stop()).failed).toBeLessThanOrEqual(8);
    expect(output()).toContain("another takes its place");
    expect((await stop()).code).toBe(0);
  });

  test("one that is told to stop is replaced, too, and no request on a kept connection fails", async () => {
    const { url, pids, output, stop } = await startPair(flags);
    const [stopped = 0] = await pids();
    const load = await startLoad(url);
    process.kill(stopped, "SIGTERM");
    await until("it is gone", () => !isAlive(stopped));
    expect(await pids(stopped)).not.toContain(stopped);
    expect(await load.stop()).toMatchObject({ failed: 0 });
    expect(output()).toContain("ended with code 0; another takes its place");
    expect((await stop()).code).toBe(0);
  });

  test("SIGUSR2: another process takes the place of each, one after the other, and no request on a kept connection fails", async () => {
    const { url, pid, pids, output, stop } = await startPair(flags);
    const former = await pids();
    const load = await startLoad(url);
    process.kill(pid, "SIGUSR2");
    await until("each is a new one", () => output().includes("Each process is a new one"));
    const members = await pids();
    const outcomes = await load.stop();
    expect(members.filter((member) => former.includes(member))).toEqual([]);
    await allGone(former);
    expect(outcomes.failed).toBe(0);
    // Whoever was connected to one of the former was told goodbye.
    expect(outcomes.farewell).toBeGreaterThanOrEqual(8);
    expect((await stop()).code).toBe(0);
    await allGone(members);
  });

  test("SIGUSR2: where a new process does not come to serve, the others go on as they are", async () => {
    const { url, folder, pid, pids, output, stop } = await startPair(flags);
    const former = (await pids()).toSorted();
    writeFileSync(join(folder, ".env"), "LOG_LEVEL=loud\n");
    process.kill(pid, "SIGUSR2");
    await until("it is told", () => output().includes("2 go on as they are"));
    expect(output()).toContain('LOG_LEVEL is "loud"');
    expect((await pids()).toSorted()).toEqual(former);
    expect((await fetch(url)).status).toBe(200);
    expect((await stop()).code).toBe(0);
    await allGone(former);
  });

  test("SIGTERM: what is under way is answered, background work is finished, exit 0", async () => {
    const { url, traced, stop } = await startPair(flags);
    const answers = Array.from({ length: 8 }, async () => (await fetch(`${url}slow`)).text());
    await until("all began", () => count(traced(), "slow began") === 8);
    const { code } = await stop();
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 8 }, () => "slow done"));
    expect(count(traced(), "background done")).toBe(8);
    expect(code).toBe(0);
  });

  test("SIGTERM under load: no request on a kept connection fails", async () => {
    const { url, pid, ended } = await startPair(flags);
    const outcomes = await askUntilFarewell(url, () => process.kill(pid, "SIGTERM"));
    expect(outcomes).toMatchObject({ farewell: 8, failed: 0 });
    expect((await ended).code).toBe(0);
  });

  test("work that never ends is cut off in all of them when the time is up, and a second signal ends them at once", async () => {
    for (const [seconds, code] of [
      ["0.5", 1],
      ["60", 130],
    ] as const) {
      const { url, pid, pids, traced, ended } = await startPair(flags, { DRAIN_TIMEOUT: seconds });
      const members = await pids();
      const cut = Array.from({ length: 8 }, () => fetch(`${url}forever`).catch(() => "cut"));
      await until("all began", () => count(traced(), "forever began") === 8);
      process.kill(pid, "SIGTERM");
      const { outcome, milliseconds } = await timed(async () => {
        // One that follows at once is taken for the echo of the first.
        if (code === 130) await until("it ends", () => !isAlive(pid) || !process.kill(pid, "SIGTERM"));
        return await ended;
      });
      expect(outcome.code).toBe(code);
      expect(milliseconds).toBeLessThan(5_000);
      expect(await Promise.all(cut)).toEqual(Array.from({ length: 8 }, () => "cut"));
      await allGone(members);
    }
  });

  test("kill -9 of the parent: the others finish what is under way and leave nothing behind", async () => {
    const { url, pids, traced, stop } = await startPair(flags);
    const members = await pids();
    const answers = Array.from({ length: 8 }, async () => (await fetch(`${url}slow`)).text());
    await until("all began", () => count(traced(), "slow began") === 8);
    void stop("SIGKILL");
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 8 }, () => "slow done"));
    await allGone(members);
    expect(count(traced(), "background done")).toBe(8);
  });

  test("the embedded database is shared, and is gone after a stop and after a kill of the parent", async () => {
    const { folder, urlOf } = await makeProject();
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      const running = await serving(folder, ["start", "--processes=2", ...flags], [urlOf("router", "/users/x")]);
      await running.stop(signal);
      await until("the database is gone", () => postmasterPid(join(folder, ".trivet")) === undefined);
      await expect(fetch(urlOf("router"))).rejects.toThrow();
    }
  });

  test("1: when processes die again and again, it gives up with a sentence", async () => {
    const { folder, output, ended } = await startPair(flags, {}, makeRoot(mortalWorker));
    writeFileSync(join(folder, "die"), "");
    expect((await ended).code).toBe(1);
    expect(output()).toContain("giving up");
  });

  test("LOG_DIR: each process has files of its own", async () => {
    const { folder, stop } = await startPair(flags, { LOG_DIR: "logs" });
    await stop();
    const names = readdirSync(join(folder, "logs")).filter((name) => !name.includes("errors"));
    expect(names.sort()).toEqual(["host.1.log", "host.2.log", "host.log"]);
    for (const name of names) {
      const lines = readFileSync(join(folder, "logs", name), "utf8")
        .trimEnd()
        .split("\n");
      for (const line of lines) expect(JSON.parse(line)).toHaveProperty("message");
    }
  });

  test("a wrong configuration is told once, with 78", async () => {
    const env = { TRIVET_ENV: "production", LOG_LEVEL: "loud", PROCESSES: "2" };
    const { code, stdout, stderr } = await trivet(makeRoot(), ["start", ...flags], env);
    expect(code).toBe(78);
    expect(count(stdout + stderr, 'LOG_LEVEL is "loud"')).toBe(1);
  });

  test("a taken port is told once, in one sentence", async () => {
    const squatter = createServer().listen(0, "127.0.0.1");
    await once(squatter, "listening");
    onTestFinished(() => void squatter.close());
    const address = squatter.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const { code, stdout, stderr } = await trivet(makeRoot(), ["start", "--processes=2", `--port=${port}`, ...flags]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(new RegExp(`^Port ${port} is already taken by process ${process.pid}.*\\n$`));
  });

  test("a port that such processes share is taken for the next", async () => {
    const { url } = await startPair(flags);
    const port = new URL(url).port;
    const { code, stderr } = await trivet(makeRoot(), ["start", "--processes=2", `--port=${port}`, ...flags]);
    expect(code).toBe(1);
    expect(count(stderr, `Port ${port} is already taken`)).toBe(1);
  });
});

describe("--processes and PROCESSES", () => {
  test("64: --processes= without a number is refused", async () => {
    const { code, stderr } = await trivet(makeRoot(), ["start", "--processes="]);
    expect(code).toBe(64);
    expect(stderr).toContain("start needs --processes <");
  });

  test.each(["0", "two", "1.5", "257"])("64: --processes=%s is refused", async (given) => {
    const { code, stderr } = await trivet(makeRoot(), ["start", `--processes=${given}`]);
    expect({ code, stderr }).toEqual({
      code: 64,
      stderr: `--processes=${given} is not a number of processes; it must be a whole number from 1 to 256.\n`,
    });
  });

  test("78: a wrong PROCESSES is a fault among the others", async () => {
    const { code, stderr } = await trivet(makeRoot(), ["start"], { PROCESSES: "many", LOG_LEVEL: "loud" });
    expect(code).toBe(78);
    for (const fault of ['PROCESSES is "many"', 'LOG_LEVEL is "loud"']) expect(stderr).toContain(fault);
  });

  test.each([
    [["start", "--workers", "--processes=2"], {}, 64, "--processes and PROCESSES are for Node and Bun"],
    [["start", "--workers"], { PROCESSES: "2" }, 64, "--processes and PROCESSES are for Node and Bun"],
    [["dev", "--processes=2"], {}, 64, "There is no option --processes."],
  ])("%j with %j is refused with a sentence", async (args, env, expected, sentence) => {
    const { code, stderr } = await trivet(makeRoot(), args, env);
    expect(code).toBe(expected);
    expect(stderr).toContain(sentence);
  });
});
