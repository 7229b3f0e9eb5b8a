import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type Running, runtimes, startHostProcess } from "./fixtures/process.ts";
import { sendRaw, statusOf } from "./fixtures/raw.ts";
import { eventually, keepRoot, slowWorker, toml } from "./fixtures/root.ts";

describe.each(runtimes)("a port on %s", (runtime) => {
  let url = "";
  let host: Running;
  let trace = "";

  beforeAll(async () => {
    const root = keepRoot({ "wrangler.toml": toml("router", '[vars]\nTRACE = ""\n'), "worker.mjs": slowWorker });
    trace = join(root, "trace");
    const started = await startHostProcess(runtime, root, { TRACE: trace });
    host = started;
    url = started.url;
  });

  test("answers, and keeps the connection", async () => {
    const answers = await sendRaw(
      url,
      "GET / HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    );
    expect(answers.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
  });

  test.each([
    ["what is not HTTP", "BLA bla bla\r\n\r\n", 400],
    ["a request without Host", "GET / HTTP/1.1\r\nconnection: close\r\n\r\n", 400],
    ["a space in the path", "GET /a b HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", 400],
    ["two lengths", "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", 400],
    [
      "a length and chunks",
      "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
    ],
    ["a path of 9 KB", `GET /${"a".repeat(9_000)} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`, 414],
    ["headers of 40 KB", `GET / HTTP/1.1\r\nhost: x\r\nx-large: ${"a".repeat(40_000)}\r\n\r\n`, 431],
  ])("%s is refused", async (_, request, status) => {
    const answer = await sendRaw(url, request);
    // Bun takes what follows the space for a version it does not know.
    expect(statusOf(answer)).toBe(runtime === "bun" && request.includes("/a b") ? 505 : status);
    if (runtime === "node") expect(answer).toContain("application/problem+json");
  });

  test("a health check of HTTP/1.0 without Host is answered", async () => {
    expect(statusOf(await sendRaw(url, "GET / HTTP/1.0\r\n\r\n"))).toBe(200);
  });

  test("what a service throws stays inside", async () => {
    for (const path of ["/throw", "/throw-early-body", "/bad-header"]) {
      const answer = await sendRaw(url, `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
      expect(answer, path).not.toContain("secret detail");
    }
    const response = await fetch(`${url}/throw`);
    expect([response.status, response.headers.get("content-type")]).toEqual([500, "application/problem+json"]);
    expect((await fetch(url)).status).toBe(200);
  });

  test("the client's address is the socket's, whatever a header claims", async () => {
    const headers = { "cf-connecting-ip": "203.0.113.9", "x-forwarded-for": "203.0.113.9" };
    expect(await (await fetch(`${url}/address`, { headers })).text()).toBe("127.0.0.1");
  });

  test("background work that fails is a line in the log", async () => {
    expect((await fetch(`${url}/reject`)).status).toBe(200);
    await eventually(() => host.output().includes("Background work of router failed"));
    expect((await fetch(url)).status).toBe(200);
  });

  test("a client that goes away aborts the request's signal", async () => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.write("GET /aborted HTTP/1.1\r\nhost: x\r\n\r\n");
    await eventually(() => existsSync(trace) && readFileSync(trace, "utf8").includes("waiting"));
    socket.destroy();
    await eventually(() => readFileSync(trace, "utf8").includes("aborted"));
  });
});

describe.each(runtimes)("trusted proxies on %s", (runtime) => {
  test("their X-Forwarded-For is believed up to the first stranger", async () => {
    const root = keepRoot({ "wrangler.toml": toml("router"), "worker.mjs": slowWorker });
    const { url } = await startHostProcess(runtime, root, { TRUSTED_PROXIES: "private, 198.51.100.0/24" });
    const addressFor = async (forwarded: string): Promise<string> =>
      await (await fetch(`${url}/address`, { headers: { "x-forwarded-for": forwarded } })).text();
    expect(await addressFor("6.6.6.6, 203.0.113.9, 198.51.100.7, 10.0.0.3")).toBe("203.0.113.9");
    expect(await addressFor("2001:db8::7")).toBe("2001:db8::7");
    expect(await addressFor("unknown")).toBe("127.0.0.1");
  });
});
