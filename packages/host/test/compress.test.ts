import { request as httpRequest } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { runtimes, startHostProcess } from "./fixtures/process.ts";
import { keepRoot, toml } from "./fixtures/root.ts";

/** Answers with what its query asks for: a `size`, a `type`, other headers, whole or as a stream of `chunks`. */
const worker = `
const text = (size) => "All work and no play. ".repeat(size / 22 + 1).slice(0, size);
// As much as gzip looks back, twice, so that it finds nothing again.
const noise = crypto.getRandomValues(new Uint8Array(65536));
export default {
  async fetch(request) {
    const { searchParams: query, pathname } = new URL(request.url);
    const headers = { "content-type": query.get("type") ?? "application/json", ...JSON.parse(query.get("headers") ?? "{}") };
    const known = request.headers.get("if-none-match");
    if (headers.etag && known?.includes(headers.etag)) return new Response(null, { status: 304, headers: { etag: headers.etag } });
    const size = Number(query.get("size") ?? 5000);
    if (request.method === "HEAD") return new Response(null, { headers: { ...headers, "content-length": String(size) } });
    if (pathname === "/whole") return new Response(text(size), { headers, status: Number(query.get("status") ?? 200) });
    let sent = 0;
    const chunks = Number(query.get("chunks"));
    const body = new ReadableStream({
      async pull(controller) {
        if (sent === chunks) return query.has("open") ? new Promise(() => {}) : controller.close();
        sent += 1;
        if (query.has("fails") && sent > 2) await new Promise((_, reject) => setTimeout(reject, 50, new Error("broken")));
        controller.enqueue(query.has("noise") ? noise : new TextEncoder().encode(text(size)));
        globalThis.pulled = sent;
      },
    });
    if (pathname === "/pulled") return new Response(String(globalThis.pulled));
    return new Response(body, { headers });
  },
};`;

const decoders = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync };
const text = (size: number): string => "All work and no play. ".repeat(size / 22 + 1).slice(0, size);

interface Got {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

describe.each(runtimes)("the public door on %s", (runtime) => {
  let url = "";

  beforeAll(async () => {
    const root = keepRoot({ "wrangler.toml": toml("router"), "worker.mjs": worker });
    ({ url } = await startHostProcess(runtime, root));
  });

  /** As it comes over the wire: nothing is decoded. */
  const get = (path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Got> =>
    new Promise((resolve, reject) => {
      httpRequest(url + path, { method, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        );
      })
        .on("error", reject)
        .end();
    });
  const encodingOf = async (path: string, accept: string, more: Record<string, string> = {}) =>
    (await get(path, { "accept-encoding": accept, ...more })).headers["content-encoding"];
  const withHeaders = (headers: object, rest = ""): string =>
    `/whole?headers=${encodeURIComponent(JSON.stringify(headers))}${rest}`;

  test.each(Object.entries(decoders))("%s: the whole answer, smaller, and Vary", async (encoding, decode) => {
    for (const path of [
      "/whole?size=5000",
      "/whole?size=200000",
      "/stream?size=5000&chunks=1",
      "/stream?size=5000&chunks=20",
    ]) {
      const { headers, body } = await get(path, { "accept-encoding": encoding });
      expect([path, headers["content-encoding"], headers.vary]).toEqual([path, encoding, "Accept-Encoding"]);
      const chunks = Number(new URLSearchParams(path.split("?")[1]).get("chunks") ?? 1);
      const size = Number(new URLSearchParams(path.split("?")[1]).get("size"));
      expect(decode(body).toString()).toBe(text(size).repeat(chunks));
      expect(body.length).toBeLessThan((size * chunks) / 5);
    }
  });

  test.each([
    ["gzip, deflate, br, zstd", "zstd"],
    ["gzip, deflate, br", "br"],
    ["gzip;q=1.0, br;q=0.5", "gzip"],
    ["br;q=0, *;q=0.1, zstd;q=0", "gzip"],
    ["*", "zstd"],
    ["GZIP", "gzip"],
    ["x-gzip", "gzip"],
    ["deflate", undefined],
    ["identity", undefined],
    ["identity, gzip;q=0.5", undefined],
    ["gzip;q=0", undefined],
    ["gzip;q=much", undefined],
    ["", undefined],
    ["nonsense,;;q=", undefined],
  ])("Accept-Encoding `%s`: %s", async (accept, encoding) => {
    const { headers, body, status } = await get("/whole", accept === "" ? {} : { "accept-encoding": accept });
    expect([status, headers["content-encoding"], headers.vary]).toEqual([200, encoding, "Accept-Encoding"]);
    if (encoding === undefined) expect(body.toString()).toBe(text(5_000));
  });

  test.each([
    ["what is short", "/whole?size=1000"],
    ["an image", "/whole?type=image/png"],
    ["an event stream", "/stream?type=text/event-stream&chunks=3"],
    ["what is encoded already", withHeaders({ "content-encoding": "br" })],
    ["what nobody may transform", withHeaders({ "cache-control": "public, no-transform" })],
    ["what may not be stored, as it may hold a secret", withHeaders({ "cache-control": "no-store" })],
    ["a part", withHeaders({ "content-range": "bytes 0-4999/9000" }, "&status=206")],
  ])("%s goes out as it is", async (_, path) => {
    const { headers, body } = await get(path, { "accept-encoding": "gzip" });
    expect(headers["content-encoding"]).toBe(path.includes("content-encoding") ? "br" : undefined);
    expect(body.toString().startsWith("All work")).toBe(true);
  });

  test("what a browser asks with its cookies on behalf of another site goes out as it is", async () => {
    const cookie = "session=secret";
    expect(await encodingOf("/whole", "gzip", { cookie, "sec-fetch-site": "cross-site" })).toBeUndefined();
    expect(await encodingOf("/whole", "gzip", { cookie, "sec-fetch-site": "same-site" })).toBeUndefined();
    expect(await encodingOf("/whole", "gzip", { cookie, "sec-fetch-site": "same-origin" })).toBe("gzip");
    expect(await encodingOf("/whole", "gzip", { "sec-fetch-site": "cross-site" })).toBe("gzip");
  });

  test("a strong tag becomes a weak one, a weak one stays; the client that sends it back gets 304 with the same", async () => {
    const path = withHeaders({ etag: '"a"' });
    const compressed = await get(path, { "accept-encoding": "gzip" });
    expect(compressed.headers.etag).toBe('W/"a"');
    expect((await get(path)).headers.etag).toBe('"a"');
    const current = await get(path, { "accept-encoding": "gzip", "if-none-match": 'W/"a"' });
    expect([current.status, current.headers.etag, current.body.length]).toEqual([304, 'W/"a"', 0]);
    expect((await get(path, { "if-none-match": '"a"' })).headers.etag).toBe('"a"');
    expect((await get(withHeaders({ etag: 'W/"a"' }), { "accept-encoding": "gzip" })).headers.etag).toBe('W/"a"');
  });

  test("HEAD says what GET would, without a body and without its length", async () => {
    const { headers, body } = await get(withHeaders({ etag: '"a"' }), { "accept-encoding": "gzip" }, "HEAD");
    expect([headers["content-encoding"], headers.etag, headers.vary, headers["content-length"], body.length]).toEqual([
      "gzip",
      'W/"a"',
      "Accept-Encoding",
      undefined,
      0,
    ]);
  });

  test.each(Object.keys(decoders))(
    "%s: what a stream has given so far goes out, though it stays open",
    async (encoding) => {
      const stop = new AbortController();
      const answer = await fetch(`${url}/stream?size=2000&chunks=2&open`, {
        headers: { "accept-encoding": encoding },
        signal: stop.signal,
      });
      // Decoded by fetch, which gives what it can.
      const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
      let got = "";
      while (got.length < 4_000) got += (await reader?.read())?.value ?? "";
      expect(got).toBe(text(2_000).repeat(2));
      stop.abort();
    },
  );

  test("a stream that breaks off does not look whole", async () => {
    await expect(get("/stream?size=2000&chunks=3&fails", { "accept-encoding": "gzip" })).rejects.toThrow();
  });

  test("a client that does not read holds the stream back", async () => {
    const answered = new Promise<() => void>((resolve, reject) => {
      const sent = httpRequest(
        `${url}/stream?noise&chunks=4000`,
        { headers: { "accept-encoding": "gzip" } },
        (response) => {
          response.pause();
          resolve(() => sent.destroy());
        },
      );
      sent.on("error", reject).end();
    });
    const leave = await answered;
    const pulled = async (): Promise<number> => Number((await get("/pulled")).body.toString());
    // It is held back when five looks in turn have found it where it was.
    let last = -1;
    for (let same = 0; same < 5; await pause(50)) {
      const now = await pulled();
      same = now === last ? same + 1 : 0;
      last = now;
    }
    // Some megabytes are in the buffers on the way.
    expect(last).toBeGreaterThan(0);
    expect(last * 65_536).toBeLessThan(64_000_000);
    leave();
  });
});
