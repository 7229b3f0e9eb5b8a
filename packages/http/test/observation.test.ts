import { createWorker, envFaults } from "@trivet/http";
import { checkEnv } from "@trivet/platform";
import { comesTrue, stopTheClock } from "@trivet/testing/clock";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { type Issuer, KeyServer, newIssuer } from "./fixture/issuer.ts";
import {
  bearer,
  insiderDeadline,
  logged,
  posting,
  problemOf,
  type Running,
  run,
  serviceSecret,
} from "./fixture/running.ts";
import { toy } from "./fixture/toy.ts";

let service: Running;
let issuer: Issuer;

beforeEach(async () => {
  issuer = await newIssuer();
  service = run({ AUTH: new KeyServer(issuer) });
  logged.length = 0;
});

const healthSchema = z.strictObject({
  status: z.enum(["ok", "degraded"]),
  service: z.literal("toy"),
  version: z.literal("1.2.3"),
  runtime: z.string().min(1),
  uptime_s: z.number().int().min(0),
  database: z.enum(["connected", "disconnected"]),
  checks: z.record(z.string(), z.strictObject({ status: z.enum(["healthy", "unhealthy"]), latency_ms: z.number() })),
});
const health = async (path: string) => {
  const response = await service.send(path);
  return { status: response.status, headers: response.headers, body: healthSchema.parse(await response.json()) };
};

const down = async (): Promise<never> => {
  throw new Error("connection refused");
};

describe("health", () => {
  test.each(["/health", "/toy/health", "/ready", "/toy/ready", "/health/db", "/toy/health/db"])(
    "%s is well",
    async (path) => {
      const { status, headers, body } = await health(path);
      expect(status).toBe(200);
      expect(headers.get("cache-control")).toBe("no-store");
      expect(body).toMatchObject({ status: "ok", database: "connected" });
      expect(Object.keys(body.checks)).toEqual(["database", "mailbox"]);
    },
  );

  test.each([
    ["/toy/health", "database", 200, "disconnected"],
    ["/toy/ready", "database", 503, "disconnected"],
    ["/toy/health/db", "database", 503, "disconnected"],
    ["/toy/health", "mailbox", 200, "connected"],
    ["/toy/ready", "mailbox", 503, "connected"],
    ["/toy/health/db", "mailbox", 200, "connected"],
  ])("%s with the %s down answers %i", async (path, part, status, database) => {
    service.journal.checks[part] = down;
    expect(await health(path)).toMatchObject({ status, body: { status: "degraded", database } });
  });

  test("a part that does not answer within a second is down, and holds nobody up longer", async () => {
    stopTheClock();
    try {
      const hanging = vi.fn(() => new Promise(() => undefined));
      service.journal.checks.database = hanging;
      const answer = health("/toy/ready");
      await comesTrue(() => hanging.mock.calls.length === 1);
      await vi.advanceTimersByTimeAsync(1_000);
      const { status, body } = await answer;
      expect(status).toBe(503);
      expect(body.checks.database).toEqual({ status: "unhealthy", latency_ms: 1_000 });
      expect(body.checks.mailbox).toEqual({ status: "healthy", latency_ms: 0 });
    } finally {
      vi.useRealTimers();
    }
  });

  test("tells for how long the service has been answering", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      await service.send("/toy/things/1");
      vi.advanceTimersByTime(90_000);
      expect((await health("/toy/health")).body.uptime_s).toBe(90);
    } finally {
      vi.useRealTimers();
    }
  });

  test("it is well again with the part, without a restart", async () => {
    service.journal.checks.database = down;
    expect((await health("/toy/ready")).status).toBe(503);
    service.journal.checks = {};
    expect((await health("/toy/ready")).status).toBe(200);
  });
});

const metrics = async (): Promise<string[]> => (await (await service.send("/toy/metrics")).text()).split("\n");
const samplesOf = (lines: string[], name: string): string[] =>
  lines.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));

describe("who may read the metrics", () => {
  const token = "collector-token-of-the-test";

  test.each([
    { name: "anybody in development without a token", settings: {}, sent: undefined, status: 200 },
    {
      name: "nobody in production without a token",
      settings: { TRIVET_ENV: "production" },
      sent: undefined,
      status: 403,
    },
    { name: "nobody who sends none", settings: { METRICS_TOKEN: token }, sent: undefined, status: 401 },
    { name: "nobody who sends another", settings: { METRICS_TOKEN: token }, sent: `${token}x`, status: 401 },
    { name: "the collector", settings: { METRICS_TOKEN: token, TRIVET_ENV: "production" }, sent: token, status: 200 },
  ])("$name: $status", async ({ settings, sent, status }) => {
    const { send } = run({ AUTH: new KeyServer(issuer), ...settings });
    const headers: Record<string, string> = sent === undefined ? {} : { authorization: `Bearer ${sent}` };
    for (const path of ["/metrics", "/toy/metrics"]) expect((await send(path, { headers })).status).toBe(status);
  });
});

describe("metrics", () => {
  test("are Prometheus text with the three series of the contract", async () => {
    await service.send("/toy/things/1");
    const response = await service.send("/metrics");
    expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    const lines = (await response.text()).split("\n");
    expect(lines).toEqual(
      expect.arrayContaining([
        "# TYPE http_request_duration_seconds histogram",
        "# TYPE active_connections gauge",
        "# TYPE background_jobs_total counter",
      ]),
    );
    const counted =
      'http_request_duration_seconds_count{method="GET",route="/toy/things/{id}",status_code="200",service="toy"} 1';
    expect(lines).toContain(counted);
    expect(samplesOf(lines, "active_connections")).toEqual(['active_connections{service="toy"} 1']);
  });

  test("nothing that a client makes up becomes a label", async () => {
    const requests: [string, RequestInit][] = [];
    for (let count = 0; count < 30; count += 1) {
      requests.push(
        [`/unknown-${count}`, {}],
        [`/toy/things/${count}`, {}],
        [`/toy/things/${count}`, { method: "DELETE" }],
        [`/toy/things/${count}`, { method: "OPTIONS" }],
        [`/toy/things/${count}%00`, {}],
        [`/toy/docs/assets/${count}`, {}],
        ["/toy/me", { method: `MADE${count}` }],
        [`/toy/numbers?cursor=${count}`, {}],
      );
    }
    for (const [path, init] of requests) await service.send(path, init);
    const series = samplesOf(await metrics(), "http_request_duration_seconds_count");
    expect(series.length).toBeLessThan(12);
    expect(series.join("\n")).not.toMatch(/unknown-|MADE|%00|things\/\d|assets\/\d/);
  });

  test("requests under way are counted while they are, and no longer", async () => {
    const hanging = service.send("/toy/hang", { headers: await insiderDeadline(Date.now() + 1_000) });
    expect(samplesOf(await metrics(), "active_connections")).toEqual(['active_connections{service="toy"} 2']);
    await hanging;
    expect(samplesOf(await metrics(), "active_connections")).toEqual(['active_connections{service="toy"} 1']);
  });

  test("tell how far the outbox is behind, 0 when nothing waits", async () => {
    const shown = async () => (await metrics()).filter((line) => line.includes("outbox_"));
    const described = [
      "# HELP outbox_waiting Events that are committed and not yet sent",
      "# TYPE outbox_waiting gauge",
      "# HELP outbox_lag_seconds Age of the oldest event that is not yet sent",
      "# TYPE outbox_lag_seconds gauge",
    ];
    const samples = (waiting: number, lag: number) => [
      ...described.slice(0, 2),
      `outbox_waiting{service="toy"} ${waiting}`,
      ...described.slice(2),
      `outbox_lag_seconds{service="toy"} ${lag}`,
    ];
    expect(await shown()).toEqual(samples(0, 0));
    service.journal.backlog = async () => ({ waiting: 3, lagSeconds: 90.5 });
    expect(await shown()).toEqual(samples(3, 90.5));
    service.journal.backlog = down;
    expect(await shown()).toEqual(described);
    expect((await service.send("/toy/metrics")).status).toBe(200);
  });

  test("each service counts for itself", async () => {
    await service.send("/toy/things/1");
    service = run();
    expect(samplesOf(await metrics(), "http_request_duration_seconds_count")).toEqual([]);
  });
});

const lineSchema = z.looseObject({ level: z.string(), logger: z.string(), properties: z.looseObject({}) });
const requestLines = () =>
  logged.map((line) => lineSchema.parse(JSON.parse(line))).filter((line) => "status" in line.properties);

describe("the log", () => {
  test("has one line a request, with what finds it again and without the query", async () => {
    const token = await issuer.token({ sub: "019a9f00-0000-7000-8000-000000000000" });
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const headers = { authorization: `Bearer ${token}`, "x-request-id": "req-7", traceparent };
    await service.send("/toy/me?token=canary-query", { headers });
    expect(requestLines()).toHaveLength(1);
    expect(requestLines()[0]).toMatchObject({
      level: "INFO",
      logger: "trivet.toy",
      properties: {
        method: "GET",
        path: "/toy/me",
        route: "/toy/me",
        // The parameter is none that the route knows.
        status: 400,
        actor: "user",
        user_id: "019a9f00-0000-7000-8000-000000000000",
        request_id: "req-7",
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
      },
    });
    expect(logged.join("")).not.toContain("canary-query");
  });

  test("names the administrator behind a user who is acted as", async () => {
    const [id, administrator] = ["019a9f00-0000-7000-8000-000000000000", "019a9f00-0000-7000-8000-000000000001"];
    await service.send("/toy/me", bearer(await issuer.token({ sub: id, act: { sub: administrator } })));
    await service.send("/toy/me", bearer(await issuer.token({ sub: id })));
    expect(requestLines().map(({ properties }) => [properties.user_id, properties.impersonated_by])).toEqual([
      [id, administrator],
      [id, undefined],
    ]);
  });

  test.each([
    ["/toy/fail?how=not_found", "INFO"],
    ["/toy/fail?how=internal", "ERROR"],
    ["/toy/fail?how=unavailable", "ERROR"],
    ["/nothing", "INFO"],
    ["/%00", "INFO"],
  ])("%s is logged as %s", async (path, level) => {
    await service.send(path);
    expect(requestLines().map((line) => line.level)).toEqual([level]);
    expect(logged).toHaveLength(1);
  });

  test.each([
    ["internal", { fault: { name: "TrivetError", stack: expect.any(String) } }],
    ["canary-of-an-error", { reason: "internal", fault: { message: "a fault with canary-of-an-error" } }],
    ["unavailable", { reason: "unavailable", hint: expect.stringContaining("/ready"), fault: { name: "TrivetError" } }],
  ])("a request that fails with %s says why in its one line", async (how, properties) => {
    await service.send(`/toy/fail?how=${how}`);
    expect(requestLines()).toMatchObject([{ properties }]);
    expect(logged).toHaveLength(1);
  });

  test("never holds a secret, wherever a client puts it", async () => {
    const canary = "canary-4c1d";
    const token = await issuer.token({ username: canary });
    await service.send("/toy/me", bearer(token));
    await service.send("/toy/me", bearer(`${token}x`));
    await service.send("/toy/me", { headers: { authorization: `Basic ${canary}` } });
    await service.send("/toy/me", {
      headers: { cookie: `session=${canary}`, "x-api-key": canary, "x-service-token": canary },
    });
    await service.send(`/toy/fail?how=internal&password=${canary}`);
    await service.send(`/toy/fail?how=unavailable&password=${canary}`);
    await service.send("/toy/things", posting(JSON.stringify({ name: canary, password: canary })));
    await service.send("/toy/things", posting(`{"password":"${canary}`));
    await service.send("/toy/internal/echo/1", posting("{}", { "x-service-token": canary }));
    expect(logged.length).toBeGreaterThan(8);
    const text = logged.join("");
    expect(text).not.toContain(canary);
    expect(text).not.toContain(token.slice(-20));
    expect(text).not.toContain(serviceSecret);
  });

  test("stays one line, whatever the path is", async () => {
    await service.send("/toy/things/a%0A%7B%22level%22:%22FATAL%22%7D");
    expect(requestLines()).toHaveLength(1);
    expect(logged.every((line) => line.trimEnd().split("\n").length === 1)).toBe(true);
  });
});

describe("the environment", () => {
  const good = { PUBLIC_URL: "http://trivet.test", SERVICE_JWT_SECRET: serviceSecret };

  test("that is good has no faults", () => {
    expect(createWorker(toy)[checkEnv](good)).toEqual([]);
  });

  test("that is not is told with every fault by name, and never with a value", () => {
    const canary = "changeme-canary";
    const faults = envFaults(toy.env, {
      PUBLIC_URL: canary,
      SERVICE_JWT_SECRET: canary,
      LOG_LEVEL: canary,
      AUTH: canary,
    });
    expect(faults.map((fault) => fault.split(" ")[0]).toSorted()).toEqual([
      "AUTH",
      "LOG_LEVEL",
      "PUBLIC_URL",
      "SERVICE_JWT_SECRET",
      "SERVICE_JWT_SECRET",
    ]);
    expect(faults.join()).not.toContain(canary);
    expect(envFaults(toy.env, {})).toEqual(["PUBLIC_URL is missing", "SERVICE_JWT_SECRET is missing"]);
  });

  test.each(["changeme".padEnd(40, "x"), "short", "password".padEnd(40, "1"), "EXAMPLE-".padEnd(40, "1")])(
    "refuses a secret that is a placeholder or short: %s",
    (value) => {
      expect(envFaults(toy.env, { ...good, SERVICE_JWT_SECRET: value })).not.toEqual([]);
    },
  );

  test("that is not good answers nobody", async () => {
    const request = new Request("http://toy/toy/health");
    const answer = async () => createWorker(toy).fetch(request, {}, { waitUntil: () => undefined });
    await expect(answer()).rejects.toThrow(
      "toy is not configured: PUBLIC_URL is missing; SERVICE_JWT_SECRET is missing",
    );
  });
});

describe("a service without a database", () => {
  test("has no database to be healthy", async () => {
    const { checks: _, ...plain } = toy;
    const worker = createWorker(plain);
    const env = { PUBLIC_URL: "http://trivet.test", SERVICE_JWT_SECRET: serviceSecret };
    const response = await worker.fetch(new Request("http://toy/health/db"), env, { waitUntil: () => undefined });
    expect(response.status).toBe(404);
    expect((await problemOf(response)).detail).toBe("This service has no database.");
  });
});
