import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { client } from "../../src/client.ts";
import { newCredentials } from "../../src/people.ts";
import { runtimes } from "../../src/system/shared-systems.ts";
import { runtimeNames } from "../../src/system/start-process.ts";
import { type System, startSystem } from "../../src/system/start-system.ts";
import { type CollectedSpan, type Collector, startCollector } from "../../src/traces/index.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const clientSpan = "b7ad6b7169203331";
const state = "rojo=00f067aa0ba902b7";

describe.for(runtimes)("the trace of a registration on %s", (runtime) => {
  let collector: Collector;
  let system: System;
  beforeAll(async () => {
    collector = await startCollector();
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: "x-team=7",
      PASSWORD_COST: "8",
    };
    system = await startSystem({ runtime, env });
  });
  afterAll(async () => {
    await system?.stop();
    await collector?.[Symbol.asyncDispose]();
  });

  const find = (service: string, place: Partial<Pick<CollectedSpan, "kind" | "parentSpanId">>) =>
    collector.spans.find(
      (span) =>
        span.traceId === traceId &&
        span.service === service &&
        span.kind === (place.kind ?? span.kind) &&
        span.parentSpanId === (place.parentSpanId ?? span.parentSpanId),
    );

  test(`goes from the client through router and auth to whoever hears of it, on ${runtimeNames[runtime]}`, async () => {
    const credentials = newCredentials();
    const response = await client(system.url).request("POST", "/auth/register", {
      headers: { traceparent: `00-${traceId}-${clientSpan}-01`, tracestate: state },
      body: credentials,
    });
    expect(response.status).toBe(201);

    const arrives = async (...wanted: Parameters<typeof find>): Promise<CollectedSpan> => {
      await expect.poll(() => find(...wanted), { timeout: 20_000, interval: 50 }).toBeDefined();
      const found = find(...wanted);
      if (!found) throw new Error("It was there a moment ago.");
      return found;
    };
    const door = await arrives("router", { kind: "server", parentSpanId: clientSpan });
    const hop = await arrives("router", { kind: "client", parentSpanId: door.spanId });
    const registered = await arrives("auth", { kind: "server", parentSpanId: hop.spanId });
    await arrives("users", { kind: "consumer", parentSpanId: registered.spanId });
    expect(registered).toMatchObject({
      name: "POST /auth/register",
      traceState: state,
      attributes: { "http.request.method": "POST", "http.route": "/auth/register", "http.response.status_code": 201 },
    });
    expect(collector.headers.every((headers) => headers["x-team"] === "7")).toBe(true);
    const told = JSON.stringify(collector.spans, (_, value) => (typeof value === "bigint" ? String(value) : value));
    for (const secret of [credentials.password, credentials.email]) expect(told).not.toContain(secret);
  });
});
