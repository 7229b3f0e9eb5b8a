import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import { z } from "zod";
import { client } from "../../src/client.ts";
import { register, withRole } from "../../src/people.ts";
import { root } from "../../src/root.ts";
import { runtimes, withoutLimits } from "../../src/system/shared-systems.ts";
import { type Runtime, runtimeNames } from "../../src/system/start-process.ts";
import { type System, startSystem } from "../../src/system/start-system.ts";

/** The rules as somebody copies them out of the document. */
const [, documented = ""] =
  /```toml\nHEADER_RULES = '''(.*?)'''\n```/s.exec(readFileSync(join(root, "docs/http.md"), "utf8")) ?? [];

const start = (runtime: Runtime, env: Record<string, string> = {}, services?: readonly string[]) =>
  startSystem({
    runtime,
    env: { ...withoutLimits, PASSWORD_COST: "8", HEADER_RULES: documented, ...env },
    ...(services && { services }),
  });

const count = "/users/stats/count";

describe.for(inject("systems"))("on $runtime", ({ runtime, url, adminUrl }) => {
  test(`a public answer is kept, says so, and is forgotten when an administrator asks, on ${runtimeNames[runtime]}`, async () => {
    const api = client(url);
    const admin = await withRole(api, adminUrl, "admin");
    const statusOf = async () => (await api.get(count)).headers.get("cache-status");
    const purge = (token: string) => api.post("/cache/purge", { tags: ["users"] }, token);
    // Others may have asked before.
    expect((await purge(admin.token)).status).toBe(200);
    expect(await statusOf()).toBe("trivet; fwd=uri-miss; stored");
    expect(await statusOf()).toMatch(/^trivet; hit; ttl=-?\d+/);
    expect((await purge((await register(api)).token)).status).toBe(403);
    expect(await statusOf()).toMatch(/^trivet; hit; ttl=-?\d+/);
    expect(await purge(admin.token)).toMatchObject({ status: 200, body: { purged: 1 } });
    expect(await statusOf()).toBe("trivet; fwd=uri-miss; stored");
  });
});

describe.for(runtimes)("a router with the rules of docs/http.md on %s", (runtime) => {
  let system: System;
  beforeAll(async () => {
    system = await start(runtime);
  });
  afterAll(() => system?.stop());

  test(`changes the headers of answers, and keeps none that a rule has made somebody's, on ${runtimeNames[runtime]}`, async () => {
    const api = client(system.url);
    const { headers } = await api.get(count);
    expect(headers.get("cache-status")).toContain("detail=");
    expect(headers.get("x-robots-tag")).toBe("noindex");
    expect(headers.get("vary")?.split(/, */)).toContain("x-tenant");
    const { token } = await register(api);
    const other = await api.get("/users/profile", token);
    expect([other.status, other.headers.get("x-robots-tag")]).toEqual([200, null]);
  });
});

/** `wrangler dev` runs all Workers together, so that nobody else can stand for one of them. */
const hostRuntimes = runtimes.filter((runtime) => runtime !== "workerd");

describe.for(hostRuntimes)("such a router before a service that shows what it gets, on %s", (runtime) => {
  test(`changes the headers of requests, on ${runtimeNames[runtime]}`, async () => {
    const upstream = createServer((request, response) => {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(request.headers));
    });
    await once(upstream.listen(0, "127.0.0.1"), "listening");
    onTestFinished(() => void upstream.close());
    const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    const elsewhere = { USERS_URL: url, EVENTS_URL: url, ANALYTICS_URL: url };
    const system = await start(runtime, elsewhere, ["auth", "router"]);
    onTestFinished(() => system.stop());
    const api = client(system.url);
    const { id, token } = await register(api);
    const forged = { "x-debug": "1", "x-asked-by": "somebody else", "x-tenant": "another" };
    const seen = async (asked: Parameters<typeof api.request>[2]) =>
      z.record(z.string(), z.string()).parse((await api.request("GET", "/users/profile", asked)).body);
    const asked = await seen({ token, headers: forged });
    expect([asked["x-tenant"], asked["x-asked-by"], asked["x-debug"]]).toEqual(["acme", id, undefined]);
    const anonymous = await seen({ headers: forged });
    expect([anonymous["x-tenant"], anonymous["x-asked-by"]]).toEqual(["acme", undefined]);
  });
});
