import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { askUntilFarewell } from "./fixtures/load.ts";
import { runtimes, startHostProcess } from "./fixtures/process.ts";
import { eventually, slowWorker, toml, writeRoot } from "./fixtures/root.ts";

async function start(runtime: (typeof runtimes)[number], env: Record<string, string> = {}) {
  const root = writeRoot({ "wrangler.toml": toml("router", '[vars]\nTRACE = ""\n'), "worker.mjs": slowWorker });
  const trace = join(root, "trace");
  const host = await startHostProcess(runtime, root, { TRACE: trace, ...env });
  return { ...host, traced: () => (existsSync(trace) ? readFileSync(trace, "utf8") : "") };
}

/** Milliseconds after the signal, by the process's own clock: what else the machine did before and after is not its doing. */
const cutAfter = (output: string): number => Number(/cut off after (\d+) ms/.exec(output)?.[1]);

describe.each(runtimes)("stopping on %s", (runtime) => {
  test("SIGTERM: what is under way is answered, background work is finished, exit 0", async () => {
    const { url, child, exit, traced } = await start(runtime);
    const answer = fetch(`${url}/slow`).then((response) => response.text());
    await eventually(() => traced().includes("slow began"));
    child.kill("SIGTERM");
    expect(await answer).toBe("slow done");
    expect(await exit).toBe(0);
    expect(traced()).toContain("background done");
  });

  test("SIGTERM: no new connection is taken", async () => {
    const { url, child, exit, traced } = await start(runtime);
    const answer = fetch(`${url}/slow`).then((response) => response.text());
    await eventually(() => traced().includes("slow began"));
    child.kill("SIGTERM");
    await eventually(() =>
      fetch(url, { headers: { connection: "close" } }).then(
        () => false,
        () => true,
      ),
    );
    expect(await answer).toBe("slow done");
    expect(await exit).toBe(0);
  });

  test("SIGTERM: event streams, which would go on for ever, are brought to their end, and nothing is cut off", async () => {
    const { url, child, exit, traced } = await start(runtime, { DRAIN_TIMEOUT: "600" });
    const answers = await Promise.all([fetch(`${url}/events`), fetch(`${url}/events`)]);
    child.kill("SIGTERM");
    expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(["id: 1\n\n", "id: 1\n\n"]);
    expect(await exit).toBe(0);
    expect(traced()).toBe("stream cancelled\nstream cancelled\n");
  });

  test("an event stream whose reader goes away is cancelled", async () => {
    const { url, child, exit, traced } = await start(runtime);
    const left = new AbortController();
    const answer = await fetch(`${url}/events`, { signal: left.signal });
    left.abort();
    await expect(answer.text()).rejects.toThrow();
    await eventually(() => traced() === "stream cancelled\n");
    child.kill("SIGTERM");
    expect(await exit).toBe(0);
  });

  test("SIGTERM under load: no request on a kept connection fails", async () => {
    const { url, child, exit } = await start(runtime);
    const outcomes = await askUntilFarewell(url, () => child.kill("SIGTERM"));
    expect(outcomes).toMatchObject({ farewell: 8, failed: 0 });
    expect(await exit).toBe(0);
  });

  test("work that never ends is cut off when the time is up, and the exit code tells", async () => {
    const { url, child, exit, traced, output } = await start(runtime, { DRAIN_TIMEOUT: "0.5" });
    const answer = fetch(`${url}/forever`).catch(() => "cut");
    await eventually(() => traced().includes("forever began"));
    child.kill("SIGTERM");
    expect(await exit).toBe(1);
    const milliseconds = cutAfter(output());
    expect(milliseconds).toBeGreaterThanOrEqual(499);
    expect(milliseconds).toBeLessThan(4_000);
    expect(await answer).toBe("cut");
  });

  test("background work that never ends is cut off before the time for requests is up", async () => {
    const { url, child, exit, output } = await start(runtime, { DRAIN_TIMEOUT: "600" });
    expect(await (await fetch(`${url}/leave-behind`)).text()).toBe("left");
    child.kill("SIGTERM");
    expect(await exit).toBe(1);
    expect(cutAfter(output())).toBeLessThan(10_000);
    expect(output()).toContain("1 pieces of background work were left");
  });

  test("a second signal ends the process at once", async () => {
    const { url, child, exit, traced, output } = await start(runtime);
    fetch(`${url}/forever`).catch(() => undefined);
    await eventually(() => traced().includes("forever began"));
    child.kill("SIGTERM");
    await eventually(() => output().includes("Stopping"));
    // One that follows at once is taken for the echo of the first.
    await eventually(() => !child.kill("SIGTERM"));
    expect(await exit).toBe(130);
  });

  test("an error that nobody caught is logged, and the process drains and exits with 1", async () => {
    const { url, exit, output } = await start(runtime);
    await fetch(`${url}/stray`).catch(() => undefined);
    expect(await exit).toBe(1);
    expect(output()).toContain("nobody caught this");
  });
});

// Bun tells nothing of such a connection, and waits for it until the time is up.
describe("stopping on Node", () => {
  test("SIGTERM: a connection that has said nothing yet holds nothing up", async () => {
    const { url, child, exit } = await start("node", { DRAIN_TIMEOUT: "600" });
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    await once(socket, "connect");
    const closed = once(socket, "close");
    // By now the server has taken it.
    await fetch(url);
    child.kill("SIGTERM");
    await closed;
    expect(await exit).toBe(0);
  });
});
