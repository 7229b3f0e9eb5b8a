import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { posting, problemOf, type Running, run } from "./fixture/running.ts";

let service: Running;

beforeEach(() => {
  service = run();
});

afterEach(() => {
  vi.useRealTimers();
});

const send = (body: BodyInit, headers?: Record<string, string>): Promise<Response> =>
  service.send("/toy/things", posting(body, headers));
const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from(part))));

describe("a JSON body", () => {
  test.each([
    ["plain", '{"name":"a"}'],
    ["with blanks around", ' \n\t{"name":"a"}\r\n '],
    ["behind a byte order mark (RFC 8259, 8.1 lets a reader ignore it)", bytes([0xef, 0xbb, 0xbf], '{"name":"a"}')],
    ["with colons and braces in its text", '{"name":"{\\":\\"a:b\\":[}","tags":[":"]}'],
    ["with the same field in two objects", '{"name":"a","inner":{"a/b":true}}'],
    ["with an escape", '{"name":"\\u0061"}'],
    ["with a whole surrogate pair", '{"name":"\\ud83d\\ude00"}'],
    ["in all of Unicode", '{"name":"\u{1f600}\u00e4"}'],
  ])("is taken: %s", async (_, body) => {
    const response = await send(body);
    expect(response.status).toBe(201);
    expect(service.journal.entries).toHaveLength(1);
  });

  test.each([
    ["empty", "", "The body is empty"],
    ["blanks", "  \n", "The body is empty"],
    ["cut", '{"name":"a', "not valid JSON"],
    ["not JSON", "name=a", "not valid JSON"],
    ["JavaScript", "{name:'a'}", "not valid JSON"],
    ["two values", '{"name":"a"}{"name":"b"}', "not valid JSON"],
    ["a trailing comma", '{"name":"a",}', "not valid JSON"],
    ["NaN", '{"name":NaN}', "not valid JSON"],
    ["a raw NUL", '{"name":"a\u0000"}', "not valid JSON"],
    ["a field twice", '{"name":"a","name":"b"}', "names a field twice"],
    ["a field twice, spelled differently", '{"name":"a","n\\u0061me":"b"}', "names a field twice"],
    ["a field twice deep inside", '{"name":"a","tags":[{"a":{}},{"b":1,"b":1}]}', "names a field twice"],
    ["an escaped NUL", '{"name":"a\\u0000"}', "NUL"],
    ["an escaped NUL in a key", '{"name":"a","\\u0000":1}', "NUL"],
    ["an escaped NUL deep inside", '{"name":"a","tags":[["\\u0000"]]}', "NUL"],
    ["an escaped half of a surrogate pair", '{"name":"\\ud800"}', "surrogate"],
    ["the other half", '{"name":"\\udc00\\ud800"}', "surrogate"],
    ["a half pair in raw bytes", bytes('{"name":"', [0xed, 0xa0, 0x80], '"}'), "not valid UTF-8"],
    ["invalid UTF-8", bytes('{"name":"', [0xff, 0xfe], '"}'), "not valid UTF-8"],
    ["overlong UTF-8", bytes('{"name":"', [0xc0, 0x80], '"}'), "not valid UTF-8"],
    ["UTF-16", Buffer.from('{"name":"a"}', "utf16le"), "not valid"],
  ])("is refused as malformed: %s", async (_, body, detail) => {
    const response = await send(body);
    expect(response.status).toBe(400);
    const problem = await problemOf(response);
    expect(problem.code).toBe("malformed_request");
    expect(problem.detail).toContain(detail);
    expect(service.journal.entries).toEqual([]);
  });

  const deep = 100_000;
  test.each([
    ["lists", "[".repeat(deep) + "]".repeat(deep)],
    ["lists that are not closed", "[".repeat(deep)],
    ["objects", `${'{"a":'.repeat(deep)}1${"}".repeat(deep)}`],
    ["lists in a known field", `{"name":"a","tags":${"[".repeat(deep)}"\\u0041"${"]".repeat(deep)}}`],
    ["objects in a known field", `{"name":${'{"a":'.repeat(deep)}1${"}".repeat(deep)}}`],
    ["objects in an unknown field", `{"name":"a","x":${'{"a":'.repeat(deep)}1${"}".repeat(deep)}}`],
  ])("100,000 deep is refused at once: %s", async (_, body) => {
    const before = process.cpuUsage();
    const response = await send(body);
    expect(response.status).toBe(400);
    // In processor time, to which nothing is added by what else the machine does.
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(1_000);
    expect(service.journal.entries).toEqual([]);
  });

  test.each([
    ["null", "null"],
    ["a list", "[]"],
    ["a string", '"name"'],
    ["a number", "1e999"],
    ["true", "true"],
    ["a number too large for its field", '{"name":"a","size":1e308}'],
    ["a number of many digits", `{"name":"a","size":${"9".repeat(5_000)}}`],
    ["a fraction", '{"name":"a","size":1.5}'],
    ["a string for a number", '{"name":"a","size":"1"}'],
    ["no field at all", "{}"],
  ])("of the wrong shape is refused field by field: %s", async (_, body) => {
    const response = await send(body);
    expect(response.status).toBe(400);
    const problem = await problemOf(response);
    expect(problem.code).toBe("validation_failed");
    expect(problem.errors?.length).toBeGreaterThan(0);
  });

  test.each([
    ["__proto__", '{"name":"a","__proto__":{"admin":true}}'],
    ["constructor", '{"name":"a","constructor":{"prototype":{"admin":true}}}'],
    ["an unknown field", '{"name":"a","isAdmin":true}'],
    ["an unknown field inside", '{"name":"a","inner":{"a/b":true,"more":1}}'],
  ])("with %s is refused, and nothing is polluted", async (_, body) => {
    const response = await send(body);
    expect(response.status).toBe(400);
    const { errors } = await problemOf(response);
    expect(errors?.[0]?.detail).toBe("is not a known field");
    expect(Reflect.has({}, "admin")).toBe(false);
    expect(service.journal.entries).toEqual([]);
  });
});

describe("the media type", () => {
  test.each([
    "application/json",
    "application/json; charset=utf-8",
    'application/json; charset="utf-8"',
    "application/json;charset=UTF-8",
    "application/json; charset=utf8",
    "APPLICATION/JSON",
    "application/problem+json",
    "application/vnd.trivet.v2+json",
    "application/json ;charset=utf-8",
    "application/json;",
    "application/json ; ; charset=utf-8 ;",
    'application/json; profile="a;b=\\"c\\""; charset="UTF\\-8"',
  ])("is taken: %s", async (type) => {
    expect((await send('{"name":"a"}', { "content-type": type })).status).toBe(201);
  });

  test.each([
    "text/plain",
    "text/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonp",
    "application/xml",
    "json",
    "",
    "application/json; charset=utf-16",
    'application/json; charset="iso-8859-1"',
    "application/json; charset=utf-8x",
    "application/json, text/plain",
    "application/json ; charset = utf-8",
    "application/json; charset",
    'application/json; charset="utf-8',
    "application/json; charset=latin1; charset=utf-8",
    "application/x/y+json",
    `application/json${" ;".repeat(5_000)}=`,
  ])("is refused with 415: %s", async (type) => {
    const response = await send('{"name":"a"}', { "content-type": type });
    expect(response.status).toBe(415);
    expect((await problemOf(response)).code).toBe("unsupported_media_type");
    expect(service.journal.entries).toEqual([]);
  });

  test("is not guessed where it is missing", async () => {
    const response = await service.send("/toy/things", {
      method: "POST",
      body: new Uint8Array(Buffer.from('{"name":"a"}')),
    });
    expect(response.status).toBe(415);
    expect((await service.send("/toy/things", { method: "POST" })).status).toBe(415);
  });

  test.each(["gzip", "br", "deflate, gzip", "x"])("a body in Content-Encoding %s is refused", async (encoding) => {
    const response = await send('{"name":"a"}', { "content-encoding": encoding });
    expect(response.status).toBe(415);
    expect(response.headers.get("accept-encoding")).toBe("identity");
  });
});

describe("the limit", () => {
  const small = (body: BodyInit, headers: Record<string, string> = {}) =>
    service.send("/toy/small", { ...posting(body, headers), duplex: "half" } as RequestInit);
  const ofSize = (size: number): string => JSON.stringify({ name: "a".repeat(size - 11) });

  test("a body of exactly so many bytes is taken, one more is not", async () => {
    expect((await small(ofSize(100))).status).toBe(204);
    const response = await small(ofSize(101));
    expect(response.status).toBe(413);
    expect(await problemOf(response)).toMatchObject({
      code: "payload_too_large",
      detail: "The body may have at most 100 bytes.",
    });
  });

  test("a declared length that is too large is refused before a byte is read", async () => {
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(stream) {
          pulled += 1;
          stream.enqueue(new Uint8Array(10));
        },
      },
      { highWaterMark: 0 },
    );
    expect((await small(body, { "content-length": "101" })).status).toBe(413);
    expect(pulled).toBe(0);
  });

  /** So many bytes in pieces of 64 kB, and then the end, or silence; tells how much of it has been taken. */
  function upload(size: number, then: "end" | "silence" = "end") {
    const taken = { bytes: 0, ended: false };
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(stream) {
          if (taken.bytes < size) {
            taken.bytes += 65_536;
            return stream.enqueue(new Uint8Array(65_536).fill(32));
          }
          if (then === "silence") await new Promise(() => undefined);
          taken.ended = true;
          stream.close();
        },
      },
      { highWaterMark: 0 },
    );
    return { body, taken };
  }

  test("a stream without a length is counted, and refused once it is over", async () => {
    const { body, taken } = upload(1024 * 1024);
    expect((await small(body)).status).toBe(413);
    expect(taken.ended).toBe(true);
  });

  test("who is refused may send up to 8 MiB to the end first, whatever the reason", async () => {
    for (const path of ["/toy/small", "/toy/nothing-here", "/toy/%zz"]) {
      const { body, taken } = upload(4 * 1024 * 1024);
      const headers = { "content-length": String(4 * 1024 * 1024) };
      const response = await service.send(path, { ...posting(body, headers), duplex: "half" } as RequestInit);
      expect([400, 404, 413]).toContain(response.status);
      expect(taken.ended, path).toBe(true);
    }
  });

  test("no more than that is read of a body without end", async () => {
    const { body, taken } = upload(Number.POSITIVE_INFINITY);
    expect((await small(body)).status).toBe(413);
    expect(taken.bytes).toBeLessThan(9 * 1024 * 1024);
  });

  test("a refusal waits two seconds at most for what does not come", async () => {
    vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
    const { body } = upload(65_536 * 2, "silence");
    let status = 0;
    const answer = small(body).then((response) => {
      status = response.status;
    });
    await vi.advanceTimersByTimeAsync(1_900);
    expect(status).toBe(0);
    await vi.advanceTimersByTimeAsync(100);
    await answer;
    expect(status).toBe(413);
  });

  test("bytes count, not characters", async () => {
    expect((await small(JSON.stringify({ name: "\u00e4".repeat(50) }))).status).toBe(413);
  });

  test("a client that goes away in the middle of its body is no fault of ours", async () => {
    const body = new ReadableStream({
      start(stream) {
        stream.enqueue(new Uint8Array([123]));
        stream.error(new Error("the connection was lost"));
      },
    });
    expect((await small(body)).status).toBe(499);
  });
});

describe("a route that takes beacons", () => {
  const beacon = (body: string, type: string) => service.send("/toy/small", posting(body, { "content-type": type }));

  test.each(["text/plain", "text/plain;charset=UTF-8", "application/json"])(
    "reads JSON that comes as %s",
    async (type) => {
      expect((await beacon('{"name":"a"}', type)).status).toBe(204);
    },
  );

  test("refuses in plain text what it refuses in JSON, and other types", async () => {
    expect((await beacon('{"name":"a","name":"b"}', "text/plain")).status).toBe(400);
    expect((await beacon('{"name":1}', "text/plain")).status).toBe(400);
    expect((await beacon(`{"name":"${"a".repeat(100)}"}`, "text/plain")).status).toBe(413);
    for (const type of ["text/plain; charset=utf-16", "text/html", "application/x-www-form-urlencoded"]) {
      expect((await beacon('{"name":"a"}', type)).status).toBe(415);
    }
  });

  test("is the only kind that does", async () => {
    expect((await send('{"name":"a"}', { "content-type": "text/plain" })).status).toBe(415);
  });
});
