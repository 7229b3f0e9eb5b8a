import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { client } from "../../src/client.ts";
import { newCredentials, register, withRole } from "../../src/people.ts";
import { loggedRegistrations, readCounts } from "../../src/scenarios/registrations.ts";
import { runtimes } from "../../src/system/shared-systems.ts";
import { runtimeNames } from "../../src/system/start-process.ts";
import { type System, startSystem } from "../../src/system/start-system.ts";
import { type CollectedSpan, type Collector, startCollector } from "../../src/traces/index.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const clientSpan = "b7ad6b7169203331";
const state = "rojo=00f067aa0ba902b7";

const registration = "router POST /auth/* > router POST auth > auth POST /auth/register";
const logging = `${registration} > events process events`;
const making = `${registration} > users process inbox-users`;
const asking = `${making} > users GET /auth/internal/accounts/{id}`;
const counting = `${registration} > analytics process inbox-analytics`;

/** The way of a registration, each step below the one that caused it. */
const expected = [
  registration,
  ...["BEGIN", "INSERT auth.users", "INSERT auth.outbox", "COMMIT"].map((one) => `${registration} > auth ${one}`),
  ...["SELECT auth.outbox UPDATE auth.outbox", "send events", "DELETE auth.outbox"].map(
    (one) => `${registration} > auth ${one}`,
  ),
  ...["INSERT events.log", "COMMIT", "send inbox-users", "send inbox-analytics"].map(
    (one) => `${logging} > events ${one}`,
  ),
  `${asking} > auth GET /auth/internal/accounts/{id} > auth SELECT auth.users`,
  ...["INSERT users.inbox", "INSERT users.profiles", "COMMIT"].map((one) => `${making} > users ${one}`),
  expect.stringContaining(`${counting} > analytics INSERT analytics.`),
];

describe.for(runtimes)("a registration on %s", (runtime) => {
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

  test(`is in the log of events, with its trace, and in what analytics counts, on ${runtimeNames[runtime]}`, async () => {
    const api = client(system.url);
    const admin = await withRole(api, system.database.adminUrl, "admin");
    const { id } = await register(api);
    await expect
      .poll(() => readCounts(api, admin.token))
      .toMatchObject({ logged: 2, events: 2, people: 2, registered: 2 });
    const logged = (await loggedRegistrations(api, admin.token)).find(({ subject }) => subject === id);
    const counting = { service: "analytics", name: "process inbox-analytics", traceId: logged?.trace_id };
    await expect.poll(() => collector.spans).toContainEqual(expect.objectContaining(counting));
  });

  test(`has a trace that goes from the client through router and auth to the tables, the log and whoever hears of it, on ${runtimeNames[runtime]}`, async () => {
    const credentials = newCredentials();
    const response = await client(system.url).request("POST", "/auth/register", {
      headers: { traceparent: `00-${traceId}-${clientSpan}-01`, tracestate: state },
      body: credentials,
    });
    expect(response.status).toBe(201);

    const ours = () => collector.spans.filter((span) => span.traceId === traceId);
    await expect
      .poll(() => treeOf(ours(), clientSpan), { timeout: 20_000, interval: 50 })
      .toEqual(expect.arrayContaining(expected));
    const registered = ours().find(({ name, service }) => service === "auth" && name === "POST /auth/register");
    expect(registered).toMatchObject({
      traceState: state,
      attributes: { "http.request.method": "POST", "http.route": "/auth/register", "http.response.status_code": 201 },
    });
    const known = new Set([clientSpan, ...ours().map(({ spanId }) => spanId)]);
    expect(ours().filter(({ parentSpanId = "" }) => !known.has(parentSpanId))).toEqual([]);
    for (const { attributes } of ours().filter((span) => "db.system.name" in span.attributes)) {
      expect(attributes).toMatchObject({
        "db.system.name": "postgresql",
        "db.namespace": expect.stringMatching(/^\w+\|(?:auth|users|events|analytics)$/),
        "db.operation.name": expect.stringMatching(/^[A-Z]+$/),
      });
    }
    expect(collector.headers.every((headers) => headers["x-team"] === "7")).toBe(true);
    const told = JSON.stringify(collector.spans, (_, value) => (typeof value === "bigint" ? String(value) : value));
    for (const secret of [credentials.password, credentials.email, credentials.username]) {
      expect(told).not.toContain(secret);
    }
  });
});

/** Every span below one as the way to it: `router POST /auth/register > auth INSERT auth.users`. */
function treeOf(spans: readonly CollectedSpan[], below: string, way: string[] = []): string[] {
  return spans
    .filter(({ parentSpanId }) => parentSpanId === below)
    .flatMap((span) => {
      const here = [...way, `${span.service} ${span.name}`];
      return [here.join(" > "), ...treeOf(spans, span.spanId, here)];
    });
}
