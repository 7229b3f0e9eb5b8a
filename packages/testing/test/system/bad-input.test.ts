import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, inject, test } from "vitest";
import { client } from "../../src/client.ts";
import { commitProbe } from "../../src/database/commit-probe.ts";
import { asAdmin } from "../../src/database/test-server.ts";
import { problemFaults } from "../../src/openapi/check-answer.ts";
import { newCredentials, register } from "../../src/people.ts";
import { sendRaw } from "../../src/raw-http.ts";
import { timed } from "../../src/timed.ts";

/** No input may keep its sender waiting for longer, in milliseconds. */
const slowest = 2_000;

const bytes = (...values: number[]) => Uint8Array.from(values);
const valid = (changes: object = {}) => ({ ...newCredentials("bad"), ...changes });
const registerWith = (changes: object) => JSON.stringify(valid(changes));

/** Bodies of POST /auth/register, which would store something if they were believed. */
const bodies: [name: string, raw: string | Uint8Array<ArrayBuffer>, headers?: Record<string, string>][] = [
  ["nothing", ""],
  ["truncated JSON", registerWith({}).slice(0, -5)],
  ["two documents", `${registerWith({})}{}`],
  ["a trailing comma", registerWith({}).replace(/}$/, ",}")],
  ["100,000 nested arrays", "[".repeat(100_000)],
  ["100,000 nested objects", `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`],
  ["a deep value in a field", registerWith({}).replace(/}$/, `,"name":${"[".repeat(50_000)}${"]".repeat(50_000)}}`)],
  ["an array", "[]"],
  ["a string", '"register"'],
  ["null", "null"],
  ["a lone surrogate", registerWith({}).replace(/}$/, ',"name":"a\\ud800b"}')],
  ["a NUL", registerWith({ name: "a\u0000b" })],
  ["a field called __proto__", registerWith({}).replace(/}$/, ',"__proto__":{"role":"admin"}}')],
  ["a field called constructor", registerWith({ constructor: { prototype: { role: "admin" } } })],
  ["a role of its own choice", registerWith({ role: "admin" })],
  ["numbers for text", registerWith({ username: 1e308, email: 7 })],
  ["a number too large for any type", registerWith({}).replace(/}$/, ',"name":1e999999}')],
  ["an address of 100,000 characters", registerWith({ email: `${"a".repeat(100_000)}@example.com` })],
  ["a username of spaces", registerWith({ username: "   " })],
  ["a right-to-left username", registerWith({ username: "\u202eada" })],
  ["invalid UTF-8", bytes(0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0xfe, 0x22, 0x7d)],
  ["overlong UTF-8", bytes(0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xc0, 0xaf, 0x22, 0x7d)],
  [
    "UTF-16",
    new Uint8Array(Buffer.from(registerWith({}), "utf16le")),
    { "content-type": "application/json; charset=utf-16" },
  ],
  ["gzip without saying so", new Uint8Array(gzipSync(registerWith({})))],
  ["a form", "email=a%40example.com&username=bad.form", { "content-type": "application/x-www-form-urlencoded" }],
  ["text", registerWith({}), { "content-type": "text/plain" }],
  ["a broken media type", registerWith({}), { "content-type": ";;;" }],
  ["a compression nobody knows", registerWith({}), { "content-encoding": "zstd-magic" }],
  ["2 MB", registerWith({ name: "x".repeat(2_000_000) })],
];

const paths: [name: string, path: string][] = [
  ["a broken percent-encoding", "/users/%zz"],
  ["a cut percent-encoding", "/users/%e0%a4%a"],
  ["an overlong encoding", "/users/%c0%af"],
  ["a NUL", "/users/%00"],
  ["a NUL in a query", "/users/search/ada?cursor=%00"],
  ["broken encoding in a query", "/users/search/ada?cursor=%ff"],
  ["a forged cursor", "/users/blocks?cursor=AAAA"],
  ["a limit of text", "/users/search/ada?limit=ten"],
  ["a limit of nothing", "/users/search/ada?limit=0"],
  ["a limit beyond the cap", "/users/search/ada?limit=101"],
  ["a limit beyond all numbers", "/users/search/ada?limit=1e400"],
  ["an id that is none", "/users/not-an-id/followers"],
];

/** Bytes that are not HTTP, or HTTP that two servers could read in two ways (request smuggling). */
const broken: [name: string, bytes: string][] = [
  ["no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"],
  ["a line without a version", "GET\r\n\r\n"],
  ["a version nobody speaks", "GET / HTTP/9.9\r\nHost: a\r\n\r\n"],
  ["a space before the colon", "GET /health HTTP/1.1\r\nHost: a\r\nX-A : b\r\n\r\n"],
  ["a NUL in a header", "GET /health HTTP/1.1\r\nHost: a\r\nX-A: b\x00c\r\n\r\n"],
  [
    "two different lengths",
    "POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
  ],
  ["a length that is no number", "POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: two\r\n\r\n{}"],
  ["a negative length", "POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n{}"],
  [
    "a chunk size that is no number",
    "POST /auth/login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
  ],
  ["an unknown transfer coding", "POST /auth/login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: cow\r\n\r\n{}"],
  ["headers without end", `GET /health HTTP/1.1\r\nHost: a\r\n${"X-A: ".padEnd(8_000, "b")}\r\n`.padEnd(300_000, "x")],
];

const registration = registerWith({});
const head = `POST /auth/register HTTP/1.1\r\nHost: a\r\nContent-Type: application/json`;

/** Requests whose sender goes away in the middle of the body. */
const cutOff: [name: string, bytes: string][] = [
  ["nothing of it was sent", `${head}\r\nContent-Length: ${registration.length}\r\n\r\n`],
  ["a byte is missing", `${head}\r\nContent-Length: ${registration.length}\r\n\r\n${registration.slice(0, -1)}`],
  // From here on the document itself has come whole.
  ["a whole document came, and more was announced", `${head}\r\nContent-Length: 9999\r\n\r\n${registration}`],
  ["a chunk is cut", `${head}\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n${registration}`],
  [
    "the last chunk is missing",
    `${head}\r\nTransfer-Encoding: chunked\r\n\r\n${registration.length.toString(16)}\r\n${registration}\r\n`,
  ],
];

/** So many of them end within the document. */
const documentIsCut = 2;

describe.for(inject("systems"))("on $runtime", async ({ runtime, url, adminUrl }) => {
  const api = client(url);
  const ada = await register(api);
  const count = async () => {
    const [row] = await asAdmin(
      adminUrl,
      (sql) => sql<{ count: number }[]>`SELECT count(*)::int AS count FROM auth.users`,
    );
    return row?.count;
  };
  const before = await count();

  const machine = commitProbe(adminUrl);
  const prompt = async <T>(send: () => Promise<T>): Promise<T> => {
    const { outcome, milliseconds } = await timed(send, machine.probe);
    expect(milliseconds).toBeLessThan(slowest);
    return outcome;
  };

  test.for(bodies)("a body that is %s is refused by name", async ([, raw, headers = {}]) => {
    const answer = await prompt(() => api.request("POST", "/auth/register", { raw, headers }));
    expect([400, 413, 415], answer.text).toContain(answer.status);
    expect(problemFaults(answer)).toEqual([]);
  });

  test.for(paths)("a path with %s is refused by name", async ([, path]) => {
    const answer = await prompt(() => api.get(path, ada.token));
    expect(answer.status, answer.text).toBe(400);
    expect(problemFaults(answer)).toEqual([]);
  });

  // On Workers it is Cloudflare's edge that reads HTTP; what stands in for it here proves nothing of it.
  test.for(runtime === "workerd" ? [] : broken)("%s is refused, and the connection ends", async ([, text]) => {
    const { status, text: said } = await prompt(() => sendRaw(url, text));
    // A connection that ends without a word refuses, too.
    if (status !== undefined)
      expect(status, said).toSatisfy((code: number) => (code >= 400 && code < 500) || code === 505);
  });

  // The proxy that `wrangler dev` puts in front of workerd may end what it leads on as if it had come whole, and no Worker
  // can tell then that more was to come; workerd by itself tells it every time.
  const noticed = runtime === "workerd" ? cutOff.slice(0, documentIsCut) : cutOff;
  test.for(noticed)("a body is refused, or the connection ends, when %s", async ([, text]) => {
    const { status, text: said } = await sendRaw(url, text, { end: true });
    // The proxy of `wrangler dev` tells the sender who has gone a 500 of its own; what counts then is that nothing was
    // stored, as below.
    const byProxy = runtime === "workerd" && said.endsWith("Error: Network connection lost.");
    if (status !== undefined && !byProxy) {
      expect(status, said).toSatisfy((code: number) => code >= 400 && code < 500);
    }
  });

  test("an unknown path is 404, another method 405 with Allow", async () => {
    const unknown = await api.get("/users/profile/nothing/here", ada.token);
    expect([unknown.status, problemFaults(unknown)]).toEqual([404, []]);
    const nobody = await api.get("/no-such-service/at-all");
    expect([nobody.status, problemFaults(nobody)]).toEqual([404, []]);
    const method = await api.request("PATCH", "/auth/login", { body: {} });
    expect([method.status, problemFaults(method)]).toEqual([405, []]);
    expect(method.headers.get("allow")?.split(", ")).toContain("POST");
  });

  test.for(runtime === "workerd" ? [] : ["TRACE", "TRACK"])(
    "%s is refused, and takes the service from nobody",
    async (method) => {
      for (let count = 0; count < 8; count += 1) {
        const request = `${method} /users/stats/count HTTP/1.1\r\nHost: trivet.test\r\nConnection: close\r\n\r\n`;
        const { status } = await prompt(() => sendRaw(url, request));
        expect(status === undefined || (status >= 400 && status < 500), String(status)).toBe(true);
      }
      expect((await api.get("/users/stats/count")).status).toBe(200);
    },
  );

  test("odd headers change nothing", async () => {
    for (const headers of [
      { "x-request-deadline": "1" },
      { accept: "application/xml" },
      { "accept-encoding": "x-nothing" },
      { "if-none-match": '"'.repeat(1_000) },
      { "x-request-id": "a\tb".repeat(200) },
      { traceparent: "00-zz-zz-zz", tracestate: "=,=,=" },
      { "x-request-deadline": "-1e9" },
      { "x-forwarded-for": "1.2.3.4, '; DROP TABLE", forwarded: 'for="_x"' },
      { cookie: "a=b; ".repeat(500) },
      { range: "bytes=9-1" },
      { "x-http-method-override": "DELETE" },
    ]) {
      const answer = await prompt(() => api.request("GET", "/users/profile", { token: ada.token, headers }));
      expect(answer.status, JSON.stringify(headers).slice(0, 60)).toBe(200);
    }
  });

  afterAll(async () => {
    await machine.end();
    expect(await count(), "nothing of all this was stored").toBe(before);
    expect((await api.get("/ready")).status).toBe(200);
  });
});
