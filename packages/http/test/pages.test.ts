import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { problemOf, type Running, run } from "./fixture/running.ts";

const folder = new URL("../assets/", import.meta.url);
const files = readdirSync(folder);
const executablePath = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";
/** Without these, Chromium talks to servers of its own beside the page's. */
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const ASSETS = {
  async fetch(request: Request): Promise<Response> {
    const name = new URL(request.url).pathname.slice(1);
    if (!files.includes(name)) return new Response("Not found", { status: 404 });
    return new Response(await readFile(new URL(name, folder)), {
      headers: { "content-type": "text/javascript; charset=utf-8" },
    });
  },
};

let service: Running;
let origin: string;
let server: ReturnType<typeof serve>;

beforeAll(async () => {
  service = run({ ASSETS });
  const fetch = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url);
    return await service.send(pathname + search, { method: request.method, headers: request.headers });
  };
  origin = await new Promise((resolve) => {
    server = serve({ fetch, port: 0, hostname: "127.0.0.1" }, ({ port }: AddressInfo) =>
      resolve(`http://127.0.0.1:${port}`),
    );
  });
});

afterAll(() => {
  server.close();
});

const pages = [
  ["/toy/docs", "/toy/docs/assets/scalar.js", "/toy/docs/assets/start-scalar.js"],
  ["/toy/redoc", "/toy/docs/assets/redoc.js", "/toy/docs/assets/start-redoc.js"],
  ["/docs", "/docs/assets/scalar.js", "/docs/assets/start-scalar.js"],
  ["/redoc", "/docs/assets/redoc.js", "/docs/assets/start-redoc.js"],
] as const;

describe("a page of documents", () => {
  test.each(pages)("%s names nothing but files of its own origin, which are there", async (path, ...scripts) => {
    const response = await service.send(path);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const html = await response.text();
    expect([...html.matchAll(/(?:src|href)="(?!data:)([^"]*)"/g)].map(([, url]) => url)).toEqual(scripts);
    expect(html).not.toMatch(/https?:\/\//);
    for (const script of scripts) expect((await service.send(script)).status, script).toBe(200);
  });

  test.each(pages)("%s may load from its own origin only", async (path) => {
    const policy = (await service.send(path)).headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toMatch(/https?:|unsafe-eval|script-src[^;]*unsafe-inline|\*/);
  });

  test.each([
    "/toy/docs/assets/missing.js",
    "/toy/docs/assets/..%2Fpackage.json",
    "/toy/docs/assets/%2e%2e%2fpackage.json",
    "/toy/docs/assets/..%5Cpackage.json",
  ])("%s is not there", async (path) => {
    const response = await service.send(path);
    expect(response.status).toBe(404);
    expect((await problemOf(response)).code).toBe("not_found");
  });

  test("without an [assets] binding its scripts are not there either", async () => {
    expect((await run().send("/toy/docs/assets/scalar.js")).status).toBe(404);
  });
});

describe("in a browser", () => {
  let browser: Browser | undefined;

  beforeAll(async () => {
    if (existsSync(executablePath)) browser = await chromium.launch({ executablePath, args: flags });
  });

  afterAll(async () => {
    await browser?.close();
  });

  test.for([
    ["/toy/docs", "Read a thing"],
    ["/toy/redoc", "Read a thing"],
  ] as const)(
    "%s shows the document, asks no other server and breaks no policy",
    { timeout: 60_000 },
    async ([path, words], context) => {
      const page = await browser?.newPage({ viewport: { width: 1280, height: 900 } });
      if (!page) return context.skip(`There is no Chromium at ${executablePath}; CHROMIUM_PATH may name another.`);
      const asked: string[] = [];
      const complaints: string[] = [];
      page.on("request", (request) => void asked.push(request.url()));
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
      });
      page.on("pageerror", (error) => void complaints.push(String(error)));
      await page.goto(origin + path);
      await page.locator(`:text("${words}"):visible`).first().waitFor({ timeout: 30_000 });
      // What a page loads late, it loads for what comes into view or when it has nothing else to do.
      await page.evaluate(async () => {
        window.scrollTo(0, document.body.scrollHeight);
        for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => requestIdleCallback(resolve));
      });
      expect(asked.filter((url) => !url.startsWith(origin) && !/^(?:data|blob):/.test(url))).toEqual([]);
      expect(complaints).toEqual([]);
      await page.close();
    },
  );
});
