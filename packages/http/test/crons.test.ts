import { createWorker, defineService, serviceEnv } from "@trivet/http";
import { defineCall, handledCrons, type Invocation } from "@trivet/platform";
import { beforeEach, describe, expect, test } from "vitest";
import { publicUrl } from "./fixture/issuer.ts";
import { logged, serviceSecret } from "./fixture/running.ts";

const hourly = "0 * * * *";
const scheduledTime = Date.UTC(2026, 10, 20, 19);
const ask = defineCall({ service: "other", callers: ["clock"], method: "get", path: "/ask", summary: "" });

function start() {
  const ran: { invocation: Invocation; cron: string; scheduledTime: number }[] = [];
  const deadlines: number[] = [];
  const given: string[] = [];
  const pending: Promise<unknown>[] = [];
  const worker = createWorker(
    defineService({
      name: "clock",
      version: "0.0.0",
      summary: "",
      env: serviceEnv,
      deps: (scope) => scope,
      routes: [],
      crons: {
        async [hourly]({ invocation, call }, { cron, scheduledTime }) {
          ran.push({ invocation, cron, scheduledTime });
          const binding = {
            fetch: async (request: Request) => {
              deadlines.push(Number(request.headers.get("x-request-deadline")));
              return new Response(null, { status: 204 });
            },
          };
          await call(binding, ask, {});
          invocation.waitUntil(Promise.resolve(given.push("waited for")));
          invocation.defer(async () => void given.push("given back"));
        },
        async "5 4 * * SUN"() {
          throw new Error("the roof is on fire");
        },
      },
    }),
  );
  const env = { PUBLIC_URL: publicUrl, SERVICE_JWT_SECRET: serviceSecret };
  const context = { waitUntil: (promise: Promise<unknown>) => void pending.push(promise) };
  return {
    ran,
    deadlines,
    given,
    worker,
    tick: async (cron: string) => await worker.scheduled({ cron, scheduledTime, noRetry: () => {} }, env, context),
    settled: () => Promise.all(pending),
    metrics: async () => await (await worker.fetch(new Request("http://clock/metrics"), env, context)).text(),
  };
}

beforeEach(() => {
  logged.length = 0;
});

describe("crons of a service", () => {
  test("a tick runs its handler as a job with a trace of its own, and gives back what it opened", async () => {
    const clock = start();
    await clock.tick(hourly);
    await clock.settled();
    expect(clock.ran).toEqual([{ cron: hourly, scheduledTime, invocation: expect.anything() }]);
    const invocation = clock.ran[0]?.invocation;
    expect(invocation?.actor).toEqual({ kind: "job", name: `cron:${hourly}` });
    expect(invocation?.trace.parentId).toBeUndefined();
    expect(clock.given).toEqual(["waited for", "given back"]);
  });

  test("a run has 15 minutes, and each call it makes no more than a request has", async () => {
    const clock = start();
    const before = Date.now();
    await clock.tick(hourly);
    expect(clock.ran[0]?.invocation.deadline).toBeGreaterThanOrEqual(before + 15 * 60_000);
    expect(clock.deadlines[0]).toBeGreaterThanOrEqual(before + 30_000);
    expect(clock.deadlines[0]).toBeLessThanOrEqual(Date.now() + 30_000);
  });

  test("each run is one log line and one count", async () => {
    const clock = start();
    await clock.tick(hourly);
    await expect(clock.tick("5 4 * * SUN")).rejects.toThrow("the roof is on fire");
    const [done, failed] = logged.map((line): Record<string, unknown> => JSON.parse(line));
    expect(done).toMatchObject({
      level: "INFO",
      properties: { cron: hourly, status: "succeeded", scheduled_time: "2026-11-20T19:00:00.000Z" },
    });
    expect(failed).toMatchObject({ level: "ERROR", properties: { cron: "5 4 * * SUN", status: "failed" } });
    expect(JSON.stringify(failed)).toContain("the roof is on fire");
    const metrics = await clock.metrics();
    const count = (cron: string, status: string) =>
      `background_jobs_total{service="clock",job_type="cron:${cron}",status="${status}"} 1`;
    expect(metrics).toContain(count(hourly, "succeeded"));
    expect(metrics).toContain(count("5 4 * * SUN", "failed"));
  });

  test("a cron without a handler is a failure that names those there are", async () => {
    const clock = start();
    await expect(clock.tick("* * * * *")).rejects.toThrow(
      'clock has no handler for the cron "* * * * *"; it has "0 * * * *", "5 4 * * SUN".',
    );
    await expect(clock.tick("constructor")).rejects.toThrow("no handler");
  });

  test("the Worker tells the host which crons it handles, and Cloudflare nothing it would not know", () => {
    const { worker } = start();
    expect(worker[handledCrons]).toEqual([hourly, "5 4 * * SUN"]);
    expect(Object.keys(worker)).toEqual(["fetch", "scheduled", "queue"]);
  });
});
