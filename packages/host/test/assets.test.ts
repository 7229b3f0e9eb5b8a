import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { assetsBinding, listSite, workerBehind } from "../src/assets/index.ts";
import type { AssetsSection } from "../src/manifest/index.ts";
import { writeRoot } from "./fixtures/root.ts";

const large = "0123456789abcdef".repeat(64 * 1024);

function siteOf(files: Record<string, string>, options: Partial<AssetsSection> = {}) {
  const directory = writeRoot(files);
  return listSite({
    directory,
    binding: "ASSETS",
    runWorkerFirst: true,
    htmlHandling: "auto-trailing-slash",
    ...options,
  });
}

function get(files: Record<string, string>, path: string, headers: Record<string, string> = {}, method = "GET") {
  return assetsBinding(siteOf(files)).fetch(new Request(`http://assets${path}`, { method, headers }));
}

const files = {
  "index.html": "<h1>home</h1>",
  "docs/index.html": "docs",
  "about.html": "about",
  "app.3f9a41c2.js": "1",
  "index-BX3k9a2f.js": "1",
  "api-reference2.js": "1",
  "a b.txt": "spaced",
  "large.bin": large,
  ".well-known/x": "dot",
};

describe("[assets]", () => {
  test("a file is answered with its type, its length and its version", async () => {
    const response = await get(files, "/a%20b.txt");
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("spaced");
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "content-length": "6",
      "cache-control": "public, max-age=0, must-revalidate",
      "accept-ranges": "bytes",
    });
    expect(response.headers.get("etag")).toMatch(/^"[\da-f]+-[\da-f]+"$/);
  });

  test("HEAD has the headers alone; other methods are refused", async () => {
    const head = await get(files, "/large.bin", {}, "HEAD");
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([
      200,
      String(large.length),
      "",
    ]);
    const post = await get(files, "/large.bin", {}, "POST");
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  test("a large file is streamed whole", async () => {
    expect(await (await get(files, "/large.bin")).text()).toBe(large);
  });

  test.each([
    ["bytes=0-3", 206, "0123", `bytes 0-3/${large.length}`],
    ["bytes=-4", 206, "cdef", `bytes ${large.length - 4}-${large.length - 1}/${large.length}`],
    [`bytes=${large.length - 2}-`, 206, "ef", `bytes ${large.length - 2}-${large.length - 1}/${large.length}`],
    [`bytes=${large.length}-`, 416, "", `bytes */${large.length}`],
    ["bytes=-0", 416, "", `bytes */${large.length}`],
    ["bytes=3-1", 200, large, null],
    ["bytes=0-1,4-5", 200, large, null],
    ["lines=0-1", 200, large, null],
  ])("Range: %s answers %i", async (range, status, body, contentRange) => {
    const response = await get(files, "/large.bin", { range });
    expect([response.status, response.headers.get("content-range")]).toEqual([status, contentRange]);
    expect((await response.text()) === body).toBe(true);
  });

  test("conditions: the same version is 304, a range of another version is the whole", async () => {
    const site = siteOf(files);
    const ask = (headers: Record<string, string>) =>
      assetsBinding(site).fetch(new Request("http://assets/large.bin", { headers }));
    const first = await ask({});
    const etag = first.headers.get("etag") ?? "";
    const modified = first.headers.get("last-modified") ?? "";
    await first.body?.cancel();
    expect((await ask({ "if-none-match": `"x", W/${etag}` })).status).toBe(304);
    expect((await ask({ "if-modified-since": modified })).status).toBe(304);
    expect((await ask({ "if-none-match": '"x"', "if-modified-since": modified })).status).toBe(200);
    expect((await ask({ range: "bytes=0-1", "if-range": etag })).status).toBe(206);
    expect((await ask({ range: "bytes=0-1", "if-range": '"x"' })).status).toBe(200);
  });

  test("only names that carry a hash are immutable", async () => {
    const cache = async (path: string) => (await get(files, path)).headers.get("cache-control");
    expect(await cache("/app.3f9a41c2.js")).toContain("immutable");
    expect(await cache("/index-BX3k9a2f.js")).toContain("immutable");
    expect(await cache("/api-reference2.js")).not.toContain("immutable");
  });

  test("pages have one address each, as on Cloudflare", async () => {
    const at = async (path: string) => {
      const response = await get(files, path);
      return response.headers.get("location") ?? (await response.text());
    };
    expect(await at("/")).toBe("<h1>home</h1>");
    expect(await at("/index.html")).toBe("/");
    expect(await at("/about")).toBe("about");
    expect(await at("/about.html?a=1")).toBe("/about?a=1");
    expect(await at("/docs/")).toBe("docs");
    expect(await at("/docs")).toBe("/docs/");
  });

  test.each(["/../secret", "/%2e%2e/secret", "/..%2fsecret", "/%00", "/%ff", "/nothing", "//index.html", "/__proto__"])(
    "%s is 404",
    async (path) => {
      expect((await get({ ...files, "index.html": "" }, path)).status).toBe(404);
    },
  );

  test("a file comes before the Worker unless the manifest says otherwise", async () => {
    const worker = workerBehind(siteOf(files), { fetch: (request) => new Response(`worker ${request.method}`) });
    const context = { waitUntil: () => undefined };
    const ask = async (path: string, method: string) => {
      const response = await worker.fetch(new Request(`http://x${path}`, { method }), {}, context);
      return await response.text();
    };
    expect(await ask("/about", "GET")).toBe("about");
    expect(await ask("/about", "POST")).toBe("worker POST");
    expect(await ask("/other", "GET")).toBe("worker GET");
  });

  test("files that steer Cloudflare's server are refused by name", () => {
    expect(siteOf({ _headers: "", "x.txt": "" }).faults.join()).toContain("_headers");
  });

  test("a changed file has another version", async () => {
    const directory = writeRoot({ "a.txt": "one" });
    const binding = assetsBinding(listSite({ directory, binding: "A", runWorkerFirst: true, htmlHandling: "none" }));
    const etag = async () => (await binding.fetch(new Request("http://x/a.txt"))).headers.get("etag");
    const before = await etag();
    writeFileSync(join(directory, "a.txt"), "three");
    expect(await etag()).not.toBe(before);
  });
});
