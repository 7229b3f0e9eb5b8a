import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openServer } from "../src/server/open.node.ts";
import { type Running, runtimes, startHostProcess } from "./fixtures/process.ts";
import { sendRaw, statusOf } from "./fixtures/raw.ts";
import { eventually, keepRoot, slowWorker, toml } from "./fixtures/root.ts";

/** What Bun says to an unknown method before it closes. */
const nothing = "nothing";

const post = "POST /read HTTP/1.1\r\nhost: x\r\n";
const chunked = `${post}transfer-encoding: chunked\r\n\r\n`;
const end = "connection: close\r\n\r\n";

/** The status as a problem; then what differs on Bun: a bare status, nothing, or a `problem` there, too. */
const refused: [name: string, request: string, status: number, onBun?: number | "problem" | "nothing"][] = [
  ["what is not HTTP", "BLA bla bla\r\n\r\n", 400],
  ["a TLS greeting", "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400],
  ["a request without Host", `GET / HTTP/1.1\r\n${end}`, 400],
  ["a Host that is none", `GET / HTTP/1.1\r\nhost: a b/..\r\n${end}`, 400, "problem"],
  ["two Hosts", `GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n${end}`, 400, "problem"],
  // Bun takes what follows the space for a version it does not know.
  ["a space in the path", `GET /a b HTTP/1.1\r\nhost: x\r\n${end}`, 400, 505],
  ["HTTP/2.0 in the clear", `GET / HTTP/2.0\r\nhost: x\r\n${end}`, 505],
  ["a method that nobody knows", `BREW / HTTP/1.1\r\nhost: x\r\n${end}`, 400, nothing],
  ["CONNECT", "CONNECT a.test:443 HTTP/1.1\r\nhost: a.test:443\r\n\r\n", 405, "problem"],
  ["* with another method than OPTIONS", `GET * HTTP/1.1\r\nhost: x\r\n${end}`, 400],
  ["another scheme in the target", `GET ftp://a.test/ HTTP/1.1\r\nhost: x\r\n${end}`, 400],
  ["an unknown expectation", `${post}expect: something\r\ncontent-length: 2\r\n\r\nab`, 417, "problem"],
  ["two lengths", `${post}content-length: 1\r\ncontent-length: 2\r\n\r\nab`, 400],
  ["one length twice", `${post}content-length: 2\r\ncontent-length: 2\r\n\r\nab`, 400, "problem"],
  ["a list of lengths", `${post}content-length: 2, 2\r\n\r\nab`, 400],
  ["a length and chunks", `${post}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
  ["chunks and a length", `${post}transfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n`, 400],
  ["a coding before chunks", `${post}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 400],
  ["a coding after chunks", `${post}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n`, 400],
  ["a coding like chunks", `${post}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n`, 400],
  ["chunks of HTTP/1.0", "POST /read HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400],
  ["a folded header", `GET / HTTP/1.1\r\nhost: x\r\nx-a: b\r\n c\r\n${end}`, 400],
  ["lines that end in LF", "GET / HTTP/1.1\nhost: x\n\n", 400, 505],
  ["one header that ends in LF", `GET / HTTP/1.1\r\nhost: x\r\nx-a: b\nx-c: d\r\n${end}`, 400],
  ["a space before a colon", `${post}content-length : 2\r\n\r\nab`, 400],
  ["a chunk whose size is no number", `${chunked}zz\r\nab\r\n0\r\n\r\n`, 400],
  ["a chunk larger than any number", `${chunked}fffffffffffffffff\r\nab\r\n0\r\n\r\n`, 400],
  ["a chunk that ends in LF", `${chunked}2\nab\n0\n\n`, 400],
  ["a chunk's extension that ends in LF", `${chunked}2;a\nab\r\n0\r\n\r\n`, 400],
  ["a chunk's extension of 64 KB", `${chunked}2;a=${"b".repeat(65_536)}\r\nab\r\n0\r\n\r\n`, 400, 413],
  ["a path of 9 KB", `GET /${"a".repeat(9_000)} HTTP/1.1\r\nhost: x\r\n${end}`, 414, "problem"],
  ["headers of 40 KB", `GET / HTTP/1.1\r\nhost: x\r\nx-large: ${"a".repeat(40_000)}\r\n\r\n`, 431],
];

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

  test.each(refused)("%s is refused, and the connection closed", async (_, request, status, onBun = status) => {
    const answer = await sendRaw(url, request);
    expect(answer.match(/^HTTP\/1\.1 \d+/gm) ?? []).toHaveLength(onBun === nothing && runtime === "bun" ? 0 : 1);
    if (runtime === "bun" && onBun !== "problem") {
      // Bun's parser answers by itself; see docs/decisions.
      if (onBun !== nothing) expect(statusOf(answer)).toBe(onBun);
      return;
    }
    expect(statusOf(answer)).toBe(status);
    const [head = "", body = ""] = answer.split("\r\n\r\n");
    expect(head.toLowerCase()).toContain("content-type: application/problem+json");
    expect(head.toLowerCase()).toContain("connection: close");
    expect(JSON.parse(body)).toMatchObject({ status, title: expect.any(String), code: expect.any(String) });
    expect(head.toLowerCase().includes("allow: ")).toBe(status === 405);
  });

  test.each([
    ["an origin of its own in the target", "GET http://other.test/path HTTP/1.1\r\nhost: x\r\n", 200],
    ["an upgrade that is not offered", "GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n", 200],
    ["100-continue", "GET / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n", 200],
    ["20 KB of headers", `GET / HTTP/1.1\r\nhost: x\r\nx-large: ${"a".repeat(20_000)}\r\n`, 200],
    ["* for the server itself", "OPTIONS * HTTP/1.1\r\nhost: x\r\n", 204, 400],
  ])("%s is answered", async (_, head, status, onBun = status) => {
    const answer = await sendRaw(url, `${head}connection: close\r\n\r\n`);
    const last = answer.match(/HTTP\/1\.1 \d+/g)?.at(-1);
    expect(last).toBe(`HTTP/1.1 ${runtime === "bun" ? onBun : status}`);
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

describe("a client that dribbles, on Node", () => {
  const open = async () => {
    const endless = () => new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) });
    const worker = {
      fetch: async (request: Request) => new Response(request.url.endsWith("/read") ? await request.text() : endless()),
    };
    const context = { waitUntil: () => undefined };
    const patience = { head: 300, request: 900 };
    const server = await openServer({
      hostname: "127.0.0.1",
      port: 0,
      worker,
      env: {},
      context,
      trusted: () => false,
      patience,
    });
    onTestFinished(() => server.drain(AbortSignal.abort()));
    return `http://127.0.0.1:${server.port}`;
  };

  test.each([
    ["a head", "GET / HTTP/1.1\r\nhost: x\r\nx-a: ", 300],
    ["a body", `${post}content-length: 1000\r\n\r\n`, 900],
  ])("%s that does not end in its time is answered with 408, and the connection closed", async (_, begin, patience) => {
    const url = await open();
    const began = performance.now();
    const answer = await sendRaw(url, begin, "a");
    expect(performance.now() - began).toBeGreaterThanOrEqual(patience - 5);
    expect(statusOf(answer)).toBe(408);
    expect(answer).toContain("application/problem+json");
  });

  test("a body that breaks off while the answer streams cuts the connection, and writes nothing into the answer", async () => {
    const url = await open();
    const answer = await sendRaw(url, `${chunked.replace("/read", "/stream")}2\r\nab\r\n`, "zz\r\n");
    expect(statusOf(answer)).toBe(200);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
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
