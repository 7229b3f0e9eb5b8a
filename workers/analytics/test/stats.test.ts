import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AnalyticsSystem, type Person, startAnalytics } from "./system/start-analytics.ts";

let analytics: AnalyticsSystem;
let admin: Person;
const minute = 60_000;
const day = 24 * 60 * minute;
/** Noon of a UTC day two days ago: nothing here depends on when it runs. */
const noon = Math.floor((Date.now() - 2 * day) / day) * day + day / 2;
const iso = (at: number) => new Date(at).toISOString();

beforeAll(async () => {
  analytics = await startAnalytics();
  admin = await analytics.person("admin");
  const [ada, bob] = [await analytics.person(), await analytics.person()];
  const send = (as: Person, events: [name: string, at: number, properties?: object][]) =>
    analytics.request("POST", "/analytics/events", {
      as,
      body: events.map(([name, at, properties = {}]) => ({ name, timestamp: iso(at), properties })),
    });
  await send(ada, [
    ["view", noon, { path: "/", plan: "pro", width: 800 }],
    ["view", noon + 10 * minute, { path: "/a", plan: "pro", width: 800 }],
    ["view", noon + 40 * minute, { path: "/", plan: "pro" }],
    ["buy", noon + 41 * minute, { plan: "pro", amount: 5 }],
  ]);
  await send(bob, [
    ["view", noon + 5 * minute, { path: "/", plan: null }],
    ["view", noon + 70 * minute, { path: "/a" }],
    ["view", noon + day, { path: "/" }],
  ]);
  await analytics.tick("* * * * *");
});
afterAll(() => analytics.stop());

const from = iso(noon - day / 2);
const to = iso(noon + day / 2);
const get = (path: string, query: Record<string, string>) =>
  analytics.request("GET", `/analytics/${path}?${new URLSearchParams(query)}`, { as: admin });
const counts = (body: unknown) =>
  (body as { points: { events: number; uniqueUsers: number }[] }).points.map(({ events, uniqueUsers }) => [
    events,
    uniqueUsers,
  ]);

describe("GET /analytics/stats", () => {
  test("200: events, unique users and the most frequent names of a range, from the rollups", async () => {
    const { status, body } = await get("stats", { from, to });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...{ from, to, timeZone: "UTC", events: 6, uniqueUsers: 2, basis: "rollups", registeredUsers: 3 },
      breakdown: {
        by: "name",
        values: [
          { value: "view", events: 5, uniqueUsers: 2 },
          { value: "buy", events: 1, uniqueUsers: 1 },
        ],
      },
    });
  });

  test("200: the figures of one name, and of a range that has none", async () => {
    expect((await get("stats", { from, to, event: "buy" })).body).toMatchObject({ events: 1, uniqueUsers: 1 });
    const before = { from: iso(noon - 3 * day), to: iso(noon - 2 * day) };
    expect((await get("stats", before)).body).toMatchObject({ events: 0, uniqueUsers: 0, breakdown: { values: [] } });
  });

  test("200: broken down by any property, and by source", async () => {
    expect((await get("stats", { from, to, event: "view", breakdown: "property:path" })).body).toMatchObject({
      ...{ events: 5, uniqueUsers: 2, basis: "events", uniqueUsersError: 0 },
      breakdown: {
        by: "property:path",
        values: [
          { value: "/", events: 3, uniqueUsers: 2 },
          { value: "/a", events: 2, uniqueUsers: 2 },
        ],
      },
    });
    expect((await get("stats", { from, to, breakdown: "source" })).body).toMatchObject({
      breakdown: { values: [{ value: "user", events: 6, uniqueUsers: 2 }] },
    });
    expect((await get("stats", { from, to, breakdown: "property:amount", limit: "1" })).body).toMatchObject({
      breakdown: { values: [{ value: null, events: 5, uniqueUsers: 2 }] },
    });
  });

  test.each([
    [{ plan: "pro" }, 4, 1],
    [{ path: ["/", "/a"] }, 5, 2],
    [{ path: "/", plan: "pro" }, 2, 1],
    [{ plan: null }, 1, 1],
    [{ width: 800 }, 2, 1],
    [{ width: "800" }, 0, 0],
    [{ "' or 1=1 --": "x" }, 0, 0],
  ])("200: filtered by %o", async (filters, events, uniqueUsers) => {
    const { body } = await get("stats", { from, to, filters: JSON.stringify(filters) });
    expect(body).toMatchObject({ events, uniqueUsers, basis: "events" });
  });

  test("200 without the number of users while the users service is down", async () => {
    analytics.users.count = undefined;
    expect(await get("stats", { from, to })).toMatchObject({ status: 200, body: { events: 6, registeredUsers: null } });
    analytics.users.count = 3;
  });

  test.each([
    { from: to, to: from },
    { from: "yesterday" },
    { timeZone: "Mars/Olympus" },
    { breakdown: "path" },
    { breakdown: "property:" },
    { filters: "{" },
    { filters: "[]" },
    { filters: '{"a":{"b":1}}' },
    { filters: '{"a":"\\u0000"}' },
    { limit: "0" },
    { from: "2020-01-01T00:00:00Z" },
    { from: iso(noon - 60 * day), filters: '{"a":1}' },
    { surprise: "1" },
  ])("400 for %o", async (query) => {
    const { status, body } = await get("stats", query as Record<string, string>);
    expect({ status, body }).toMatchObject({ status: 400, body: { code: "validation_failed" } });
  });

  test("403 to who is no administrator, 401 to strangers", async () => {
    for (const role of ["user", "moderator"] as const) {
      const answer = await analytics.request("GET", "/analytics/stats", { as: await analytics.person(role) });
      expect(answer.status).toBe(403);
    }
    expect((await analytics.request("GET", "/analytics/stats")).status).toBe(401);
  });

  test("is answered encrypted to whoever asks for that", async () => {
    const headers = { "x-encrypt-response": "true" };
    const path = `/analytics/stats?${new URLSearchParams({ from, to })}`;
    const { status, headers: answered, text } = await analytics.request("GET", path, { as: admin, headers });
    expect([status, answered.get("content-type")]).toEqual([200, "application/jose"]);
    expect(text).toMatch(/^[\w-]+\.\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/);
  });
});

describe("GET /analytics/timeseries", () => {
  test("200: a point for each interval, the empty ones too", async () => {
    const hours = await get("timeseries", {
      from: iso(noon - 60 * minute),
      to: iso(noon + 120 * minute),
      interval: "hour",
    });
    expect(counts(hours.body)).toEqual([
      [0, 0],
      [5, 2],
      [1, 1],
    ]);
    const days = await get("timeseries", { from, to: iso(noon + day + day / 2) });
    expect(counts(days.body)).toEqual([
      [6, 2],
      [1, 1],
    ]);
  });

  test.each(["Asia/Kolkata", "Asia/Kathmandu"])(
    "200: by the hours of %s, which begin within those of UTC",
    async (timeZone) => {
      // 12:00 to 12:30 or 12:15 is the end of one hour there; what follows is the next.
      const query = { from: iso(noon), to: iso(noon + 60 * minute), interval: "hour", timeZone };
      const end = timeZone === "Asia/Kolkata" ? 30 : 15;
      const { body } = await get("timeseries", query);
      expect(body).toMatchObject({ points: [{ at: iso(noon) }, { at: iso(noon + end * minute) }], basis: "rollups" });
      expect(counts(body)).toEqual([
        [3, 2],
        [2, 1],
      ]);
    },
  );

  test("200: the same from single events as from the rollups", async () => {
    for (const interval of ["hour", "day", "week", "month"]) {
      const query = { from: iso(noon - 6 * day), to: iso(noon + 2 * day), interval, timeZone: "America/St_Johns" };
      const [counted, read] = [await get("timeseries", query), await get("timeseries", { ...query, filters: "{}" })];
      expect(read.body).toMatchObject({ basis: "events" });
      expect(counts(counted.body)).toEqual(counts(read.body));
    }
  });

  test("400 for more than 1,000 points", async () => {
    expect((await get("timeseries", { from: iso(noon - 60 * day), to, interval: "hour" })).status).toBe(400);
  });
});
