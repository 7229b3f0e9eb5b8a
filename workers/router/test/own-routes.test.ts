import { Validator } from "@seriousme/openapi-schema-validator";
import { access, createWorker, defineService, json, routesFor, serviceEnv } from "@trivet/http";
import { errorCodes, isErrorCode } from "@trivet/platform";
import { comesTrue, stopTheClock } from "@trivet/testing/clock";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import {
  type Answer,
  door,
  down,
  never,
  problemOf,
  publicUrl,
  serviceSecret,
  status,
  Upstream,
} from "./fixture/door.ts";

const healthy =
  (changes: object = {}): Answer =>
  () =>
    Response.json({ status: "ok", service: "x", version: "1", runtime: "node", uptime_s: 1, checks: {}, ...changes });

const stateSchema = z.object({
  status: z.string(),
  services: z.record(z.string(), z.looseObject({ status: z.string(), latency_ms: z.number() })),
});

describe("GET /health/services", () => {
  test("tells the state of each, the one that is down and the one that hangs too, within a second", async () => {
    const hanging = new Upstream(never);
    const front = door({
      AUTH: new Upstream(healthy({ database: "connected" })),
      USERS: new Upstream(down),
      POSTS: hanging,
      MEDIA: new Upstream(healthy({ status: "degraded", database: "disconnected" })),
      BLOG: new Upstream(() => new Response("<html>")),
      REAL_TIME: new Upstream(healthy()),
    });
    stopTheClock();
    onTestFinished(() => void vi.useRealTimers());
    const answer = front.send("/health/services");
    await comesTrue(() => hanging.asked.length === 1);
    await vi.advanceTimersByTimeAsync(1_000);
    const response = await answer;
    expect(response.status).toBe(200);
    const { status: overall, services } = stateSchema.parse(await response.json());
    expect(overall).toBe("degraded");
    expect(services).toMatchObject({
      auth: { status: "ok", database: "connected" },
      users: { status: "unreachable" },
      posts: { status: "unreachable" },
      media: { status: "degraded", database: "disconnected" },
      blog: { status: "unreachable" },
      "real-time": { status: "ok" },
    });
    expect(services.posts?.latency_ms).toBe(1_000);
    expect(services.users?.latency_ms).toBe(0);
    expect(hanging.last.signal.aborted).toBe(true);
  });

  test("is ok when all are", async () => {
    const front = door({ AUTH: new Upstream(healthy()), USERS: new Upstream(healthy()) });
    expect(stateSchema.parse(await (await front.send("/health/services")).json()).status).toBe("ok");
  });
});

describe("GET /health/db", () => {
  test.each<[string, Answer, number]>([
    ["connected", healthy({ database: "connected" }), 200],
    ["disconnected", healthy({ database: "disconnected" }), 503],
    ["out of sight", down, 503],
  ])("with a database that is %s answers as it must", async (_, answer, code) => {
    const front = door({ AUTH: new Upstream(healthy({ database: "connected" })), USERS: new Upstream(answer) });
    const response = await front.send("/health/db");
    expect(response.status).toBe(code);
    expect(await response.json()).toMatchObject({ services: { auth: "connected" } });
  });

  test("a service without a database is left out", async () => {
    const front = door({ AUTH: new Upstream(healthy()), USERS: new Upstream(healthy({ database: "connected" })) });
    expect(await (await front.send("/health/db")).json()).toEqual({
      database: "connected",
      services: { users: "connected" },
    });
  });
});

describe("GET /ready", () => {
  const sick = healthy({ status: "degraded", database: "disconnected" });
  test.each<[string, Answer, Answer, number, object]>([
    ["every service is well", healthy(), healthy(), 200, { status: "ok", services: { auth: "ok", users: "ok" } }],
    ["one is down", healthy(), down, 200, { status: "degraded", services: { auth: "ok", users: "unreachable" } }],
    ["all are down", down, down, 503, { services: { auth: "unreachable", users: "unreachable" } }],
    ["none has its database", sick, sick, 503, { services: { auth: "degraded", users: "degraded" } }],
  ])("while %s, says whether to send anybody here", async (_, auth, users, code, body) => {
    const response = await door({ AUTH: new Upstream(auth), USERS: new Upstream(users) }).send("/ready");
    expect(response.status).toBe(code);
    expect(await response.json()).toMatchObject(body);
  });
});

describe("the router's own health", () => {
  test("/health asks no service", async () => {
    const users = new Upstream(down);
    expect((await door({ USERS: users }).send("/health")).status).toBe(200);
    expect(users.asked).toHaveLength(0);
  });

  test("/metrics has one series a service, whatever is asked for", async () => {
    const front = door({ USERS: new Upstream() });
    for (let count = 0; count < 20; count += 1) {
      await front.send(`/users/${count}`);
      await front.send(`/unknown-${count}`);
      await front.send(`/users/${count}`, {
        method: "OPTIONS",
        headers: { origin: "http://a.test", "access-control-request-method": "GET" },
      });
    }
    const lines = (await (await front.send("/metrics")).text()).split("\n");
    const series = lines.filter((line) => line.startsWith("http_request_duration_seconds_count"));
    expect(series.length).toBeLessThan(5);
    expect(series.join()).toContain('route="/users/*"');
    expect(series.join()).not.toMatch(/unknown-|users\/\d/);
  });
});

const { route } = routesFor<undefined>();

/** A real service with one route, whose `Thing` has the given field. */
function serviceWith(name: string, field: string, path: `/${string}` = `/${name}/thing`): Upstream {
  const thing = z.object({ [field]: z.string() }).meta({ id: "Thing" });
  const same = z.object({ shared: z.string() }).meta({ id: "Same" });
  const read = route(
    {
      method: "get",
      path,
      summary: `Read a thing of ${name}`,
      access: access.user,
      responses: { 200: json(z.object({ thing, same }), "The thing") },
    },
    () => {
      throw new Error("never called");
    },
  );
  const service = defineService({
    name,
    version: "1",
    summary: `All of ${name}`,
    env: serviceEnv,
    deps: () => undefined,
    routes: [read],
  });
  const worker = createWorker(service);
  const env = { PUBLIC_URL: publicUrl, SERVICE_JWT_SECRET: serviceSecret };
  return new Upstream((request) => worker.fetch(request, env, { waitUntil: () => undefined }));
}

const merged = z.looseObject({
  openapi: z.string(),
  servers: z.array(z.object({ url: z.string() })),
  info: z.object({ title: z.string(), version: z.string(), description: z.string() }),
  tags: z.array(z.object({ name: z.string(), description: z.string() })),
  paths: z.record(z.string(), z.json()),
  components: z.object({
    schemas: z.record(z.string(), z.json()),
    responses: z.record(z.string(), z.json()),
    headers: z.record(z.string(), z.json()),
    securitySchemes: z.record(z.string(), z.json()),
  }),
  "x-stale": z.array(z.string()).optional(),
});
const documentOf = async (front: ReturnType<typeof door>) => {
  const response = await front.send("/openapi.json");
  expect(response.status).toBe(200);
  return merged.parse(await response.json());
};

const ofServices = ({ paths }: { paths: object }) => Object.keys(paths).filter((path) => path.endsWith("/thing"));

describe("GET /openapi.json", () => {
  test("has the product's name, tells the limits that hold, and has the router's routes and everybody's", async () => {
    const front = door({ USERS: serviceWith("users", "name"), RATE_LIMIT_USER: "77" });
    const { info, paths } = await documentOf(front);
    expect(info.title).toBe("Trivet API");
    expect(info.description).toContain("A user may read 77 times a minute");
    const own = ["/", "/problems/{code}", "/health", "/health/services", "/health/db", "/ready", "/metrics"];
    const all = [...own, "/openapi.json", "/docs", "/redoc"].flatMap((path) =>
      own.slice(0, 2).includes(path) || path === "/health/services" || path === "/health/db"
        ? [path]
        : [path, `/users${path}`],
    );
    expect(Object.keys(paths).toSorted()).toEqual([...all, "/cache/purge", "/users/thing"].toSorted());
  });

  test("lists the other names of addresses that a service here answers, and no others", async () => {
    const { info } = await documentOf(door({ USERS: serviceWith("users", "name") }));
    expect(info.description).toContain("| `/user/*` | `/users/*` |");
    expect(info.description).not.toMatch(/media|payments|auth\/login` \|/);
    const alone = await documentOf(door({}));
    expect(alone.info.description).not.toContain("| Sent |");
  });

  test("has the keys of access tokens at both of their addresses", async () => {
    const auth = serviceWith("auth", "email", "/auth/.well-known/jwks.json");
    const { paths } = await documentOf(door({ AUTH: auth }));
    const operationOf = (path: string) =>
      z.object({ get: z.looseObject({ operationId: z.string() }) }).parse(paths[path]).get;
    const { operationId: first, ...here } = operationOf("/auth/.well-known/jwks.json");
    const { operationId: second, ...there } = operationOf("/.well-known/jwks.json");
    expect(here).toEqual(there);
    expect(first).not.toBe(second);
  });

  test("is one valid document of all services", async () => {
    const document = await documentOf(
      door({ USERS: serviceWith("users", "name"), AUTH: serviceWith("auth", "email") }),
    );
    const { valid, errors } = await new Validator().validate(document);
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
    expect(ofServices(document)).toEqual(["/auth/thing", "/users/thing"]);
    expect(document.servers).toEqual([{ url: publicUrl }]);
    expect(document.tags).toEqual([
      { name: "auth", description: "All of auth" },
      { name: "users", description: "All of users" },
      { name: "router", description: expect.any(String) },
      { name: "operations", description: expect.any(String) },
    ]);
    expect(document["x-stale"]).toBeUndefined();
  });

  test("two shapes of one name are kept apart, one shape of one name is shared", async () => {
    const { paths, components } = await documentOf(
      door({ USERS: serviceWith("users", "name"), AUTH: serviceWith("auth", "email") }),
    );
    expect(Object.keys(components.schemas).toSorted()).toEqual(["Health", "Problem", "Same", "Thing", "users.Thing"]);
    expect(JSON.stringify(components.schemas.Thing)).toContain("email");
    expect(JSON.stringify(components.schemas["users.Thing"])).toContain("name");
    expect(JSON.stringify(paths["/auth/thing"])).toContain('"#/components/schemas/Thing"');
    expect(JSON.stringify(paths["/users/thing"])).toContain('"#/components/schemas/users.Thing"');
    expect(JSON.stringify(paths["/users/thing"])).toContain('"#/components/schemas/Same"');
  });

  test("every reference leads somewhere", async () => {
    const document = await documentOf(
      door({ USERS: serviceWith("users", "name"), AUTH: serviceWith("auth", "email") }),
    );
    const references = [...JSON.stringify(document).matchAll(/"#\/components\/(\w+)\/([^"]+)"/g)];
    expect(references.length).toBeGreaterThan(100);
    for (const [, kind, name] of references) expect(document.components).toHaveProperty([kind ?? "", name ?? ""]);
  });

  test.each<[string, Answer]>([
    ["is down", down],
    ["answers 500", status(500)],
    ["answers something else", () => Response.json({ hello: 1 })],
    ["hangs", never],
  ])(
    "a service that %s is kept from its last good copy and flagged, and fresh again once it is back",
    async (_, failing) => {
      const users = serviceWith("users", "name");
      const good = users.answer;
      const auth = new Upstream(failing);
      const front = door({ USERS: users, AUTH: auth });
      const first = await documentOf(front);
      expect(first["x-stale"]).toEqual(["auth"]);
      expect(ofServices(first)).toEqual(["/users/thing"]);
      auth.answer = serviceWith("auth", "email").answer;
      users.answer = failing;
      const second = await documentOf(front);
      expect(second["x-stale"]).toEqual(["users"]);
      expect(ofServices(second)).toEqual(["/auth/thing", "/users/thing"]);
      users.answer = good;
      expect((await documentOf(front))["x-stale"]).toBeUndefined();
    },
  );

  test("is built once, not per request", async () => {
    const users = serviceWith("users", "name");
    const front = door({ USERS: users });
    for (let count = 0; count < 5; count += 1) await front.send("/openapi.json");
    expect(users.asked).toHaveLength(1);
  });
});

describe("an address of the router's own", () => {
  test.each([
    ["POST", "/health"],
    ["DELETE", "/docs"],
    ["POST", "/"],
    ["PUT", "/problems/not_found"],
  ])("under another method answers 405: %s %s", async (method, path) => {
    const response = await door({ USERS: new Upstream() }).send(path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
  });
});

describe("GET /problems/{code}", () => {
  test.each(Object.keys(errorCodes).filter(isErrorCode))("%s is explained to both who meet it", async (code) => {
    const response = await door({}).send(`/problems/${code}`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const html = await response.text();
    expect(html).toContain(errorCodes[code].error);
    expect(html).toContain(`status ${errorCodes[code].status}`);
    expect(html).not.toMatch(/<script|https?:|`/);
  });

  test("what the text names in backticks is shown as code", async () => {
    const html = await (await door({}).send("/problems/decryption_failed")).text();
    expect(html).toContain("(<code>dir</code>, <code>A256GCM</code>)");
    expect(html).toContain("<code>&lt;SERVICE&gt;_KEY</code>");
  });

  test.each(["nonsense", "__proto__", "constructor", "%3Cscript%3E"])("%s is not known", async (code) => {
    const response = await door({}).send(`/problems/${code}`);
    expect(response.status).toBe(404);
    expect((await problemOf(response)).code).toBe("not_found");
  });
});

describe("GET /", () => {
  test("shows every service and its state, without a script", async () => {
    const front = door({
      USERS: new Upstream(healthy()),
      AUTH: new Upstream(down),
      PUBLIC_URL: "http://trivet.test/?a=<b>",
    });
    const response = await front.send("/");
    expect(response.status).toBe(200);
    const html = await response.text();
    expect(html).toContain('<h3>users</h3><span class="state">ok</span>');
    expect(html).toContain('<h3>auth</h3><span class="state">unreachable</span>');
    expect(html).toContain("1 of 2 are well.");
    for (const link of [
      "/docs",
      "/redoc",
      "/openapi.json",
      "/health/services",
      "/metrics",
      "/users/docs",
      "/auth/health",
    ])
      expect(html).toContain(`<a href="${link}">`);
    expect(html).not.toMatch(/<script|<b>/);
  });
});
