import { newId } from "@trivet/platform";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AnalyticsSystem, type Person, siteKey, siteOrigin, startAnalytics } from "./system/start-analytics.ts";

let analytics: AnalyticsSystem;
let admin: Person;
let people: Person[];
const minute = 60_000;
const day = 24 * 60 * minute;
/** Noon of a UTC day four days ago. */
const noon = Math.floor((Date.now() - 4 * day) / day) * day + day / 2;
const iso = (at: number) => new Date(at).toISOString();
const range = { from: iso(noon - day / 2), to: iso(noon + 3.5 * day) };

const send = (as: Person, ...events: [name: string, at: number, properties?: object][]) =>
  analytics.request("POST", "/analytics/events", {
    as,
    body: events.map(([name, at, properties = {}]) => ({ name, timestamp: iso(at), properties })),
  });
const get = (path: string, query: Record<string, string> = {}) =>
  analytics.request("GET", `/analytics/${path}?${new URLSearchParams(query)}`, { as: admin });

beforeAll(async () => {
  analytics = await startAnalytics();
  admin = await analytics.person("admin");
  people = await Promise.all(Array.from({ length: 4 }, () => analytics.person()));
  const [ada, bob, cyd, dan] = people as [Person, Person, Person, Person];
  await send(
    ada,
    ["view", noon],
    ["cart", noon + minute],
    ["buy", noon + 3 * minute, { amount: 5 }],
    ["view", noon + day],
  );
  await send(bob, ["cart", noon], ["view", noon + minute], ["cart", noon + 2 * minute], ["view", noon + 2 * day]);
  // Of one moment, as events of one request without a time are.
  await send(cyd, ["view", noon + day], ["cart", noon + day], ["buy", noon + day, { amount: 7 }]);
  await send(dan, ["buy", noon], ["view", noon + minute]);
});
afterAll(() => analytics.stop());

describe("POST /analytics/funnels", () => {
  const ask = (steps: object[], rest: object = range) =>
    analytics.request("POST", "/analytics/funnels", { as: admin, body: { ...rest, steps } });

  test("200: who took the steps in their order, and how long it took", async () => {
    const { status, body } = await ask([{ event: "view" }, { event: "cart" }, { event: "buy" }]);
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        steps: [
          { event: "view", uniqueUsers: 4, share: 1, medianSeconds: null },
          { event: "cart", uniqueUsers: 3, share: 0.75, medianSeconds: 60 },
          { event: "buy", uniqueUsers: 2, share: 0.5, medianSeconds: 60 },
        ],
      },
    });
  });

  test("200: a step may ask for properties, and the same step twice is two events", async () => {
    expect((await ask([{ event: "view" }, { event: "buy", filters: { amount: 7 } }])).body).toMatchObject({
      steps: [{ uniqueUsers: 4 }, { uniqueUsers: 1 }],
    });
    expect((await ask([{ event: "view" }, { event: "view" }])).body).toMatchObject({
      steps: [{ uniqueUsers: 4 }, { uniqueUsers: 2 }],
    });
    expect((await ask([{ event: "nothing" }, { event: "view" }])).body).toMatchObject({
      steps: [
        { uniqueUsers: 0, share: 0 },
        { uniqueUsers: 0, share: 0, medianSeconds: null },
      ],
    });
  });

  test("400 for one step, nine, and a range that is too long", async () => {
    for (const count of [1, 9]) {
      expect((await ask(Array.from({ length: count }, () => ({ event: "a" })))).status).toBe(400);
    }
    const steps = [{ event: "a" }, { event: "b" }];
    expect((await ask(steps, { from: iso(noon - 60 * day), to: range.to })).status).toBe(400);
  });
});

describe("GET /analytics/retention", () => {
  test("200: who was first there on a day, and who came back on those that follow", async () => {
    const { status, body } = await get("retention", { ...range, event: "view", returning: "view" });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      cohorts: [
        { at: iso(noon - day / 2), size: 3, returned: [3, 1, 1, 0] },
        { at: iso(noon + day / 2), size: 1, returned: [1, 0, 0] },
        { size: 0, returned: [0, 0] },
        { size: 0, returned: [0] },
      ],
    });
  });

  test("200: visitors without an account are in no cohort", async () => {
    const before = (await get("retention", { returning: "visit", event: "visit" })).body;
    const visit = await analytics.request("POST", `/analytics/events?site=${siteKey}`, {
      body: { name: "visit" },
      headers: { origin: siteOrigin },
      address: "192.0.2.7",
    });
    expect(visit.status).toBe(202);
    expect((await get("retention", { returning: "visit", event: "visit" })).body).toMatchObject({
      cohorts: Object(before).cohorts.map(({ size }: { size: number }) => ({ size })),
    });
  });
});

describe("GET /analytics/realtime", () => {
  test("200: who is active now, before anything was counted", async () => {
    const name = `now ${newId()}`;
    const [ada, bob] = people as [Person, Person];
    await send(ada, [name, Date.now()], [name, Date.now() - 10 * minute]);
    await send(bob, [name, Date.now() - 20 * minute]);
    const { status, body } = await get("realtime");
    expect(status).toBe(200);
    const { minutes, names, activeUsers } = Object(body);
    expect(minutes.length).toBe(30);
    expect(activeUsers).toBeGreaterThanOrEqual(1);
    expect(names).toContainEqual({ value: name, events: 3, uniqueUsers: 2 });
    const counted = minutes.reduce((sum: number, { events }: { events: number }) => sum + events, 0);
    expect(counted).toBe(names.reduce((sum: number, { events }: { events: number }) => sum + events, 0));
  });
});

describe("GET /analytics/export", () => {
  const lines = async (query: Record<string, string>) => {
    const { status, headers, text } = await get("export", query);
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("text/csv; charset=utf-8");
    return text.trimEnd().split("\r\n");
  };

  test("200: a line for each event, with properties as JSON in quotes", async () => {
    const [ada] = people as [Person];
    const all = await lines({ ...range, event: "buy", filters: '{"amount":5}' });
    expect(all).toEqual([
      "at,name,source,visitor,properties",
      `${iso(noon + 3 * minute)},buy,user,${ada.id},"{""amount"": 5}"`,
    ]);
  });

  test("200: every one of thousands once, over several days", async () => {
    const [ada] = people as [Person];
    const name = `many ${newId()}`;
    for (let request = 0; request < 5; request += 1) {
      const events = Array.from({ length: 1_000 }, (_, index): [string, number, object] => [
        name,
        noon + (index % 2) * day,
        { number: request * 1_000 + index },
      ]);
      expect((await send(ada, ...events)).status).toBe(202);
    }
    const all = (await lines({ ...range, event: name })).slice(1);
    const numbers = all.map((line) => Number(/number"": (\d+)/.exec(line)?.[1]));
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 5_000 }, (_, number) => number));
  });

  test("200: nothing is left out whose chunk is put together with others while it is read", async () => {
    const [ada] = people as [Person];
    const name = `moved ${newId()}`;
    for (let request = 0; request < 30; request += 1) {
      const events = Array.from({ length: 99 }, (_, index): [string, number, object] => [
        name,
        noon,
        { number: request * 99 + index },
      ]);
      expect((await send(ada, ...events)).status).toBe(202);
    }
    const query = new URLSearchParams({ from: iso(noon), to: iso(noon + 15 * minute), event: name });
    const headers = { authorization: `Bearer ${admin.token}` };
    const answer = await analytics.fetch(new Request(`http://analytics/analytics/export?${query}`, { headers }));
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      if (text === "") await analytics.tick("* * * * *");
      text += part.value;
    }
    const numbers = new Set([...text.matchAll(/number"": (\d+)/g)].map(([, number]) => Number(number)));
    expect(numbers.size).toBe(30 * 99);
  });

  test("200: what a spreadsheet would run is text", async () => {
    const [ada] = people as [Person];
    for (const name of ['=HYPERLINK("x")', "+1", "-1", "@x", "\tx"]) await send(ada, [name, noon]);
    const names = (await lines({ from: iso(noon), to: iso(noon + 15 * minute) })).map((line) => line.split(",")[1]);
    expect(names).toEqual(expect.arrayContaining([`"'=HYPERLINK(""x"")"`, "'+1", "'-1", "'@x", "'\tx"]));
  });
});

describe("goals", () => {
  test("are set, listed, changed and given up", async () => {
    const make = (body: object, headers = {}) =>
      analytics.request("POST", "/analytics/goals", { as: admin, body, headers });
    const made = await make({ name: "Bought", event: "buy", filters: { amount: [5, 7] } });
    expect(made).toMatchObject({ status: 201, body: { name: "Bought", event: "buy", filters: { amount: [5, 7] } } });
    const { id } = Object(made.body);
    expect((await make({ name: "BOUGHT", event: "x" })).status).toBe(409);
    expect((await make({ name: "", event: "x" })).status).toBe(400);
    expect((await get("goals")).body).toEqual({ items: [made.body] });
    expect((await get(`goals/${id}/stats`, range)).body).toMatchObject({
      ...{ events: 2, uniqueUsers: 2, allUsers: 4, conversion: 0.5 },
    });
    const changed = { name: "Bought at all", event: "buy" };
    const put = (body: object, of = id) => analytics.request("PUT", `/analytics/goals/${of}`, { as: admin, body });
    expect(await put(changed)).toMatchObject({ status: 200, body: { id, ...changed, filters: {} } });
    expect((await get(`goals/${id}/stats`, range)).body).toMatchObject({ events: 3, uniqueUsers: 3 });
    expect((await put(changed, newId())).status).toBe(404);
    const remove = () => analytics.request("DELETE", `/analytics/goals/${id}`, { as: admin });
    expect((await remove()).status).toBe(204);
    expect((await remove()).status).toBe(404);
    expect((await get(`goals/${id}/stats`)).status).toBe(404);
  });

  test("that are sent again under one Idempotency-Key are one", async () => {
    const key = { "idempotency-key": newId() };
    const make = () =>
      analytics.request("POST", "/analytics/goals", { as: admin, body: { name: "Once", event: "a" }, headers: key });
    const [first, again] = [await make(), await make()];
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
  });

  test("are a hundred at most, however many are set at once", async () => {
    await analytics.sql`
      insert into analytics.goals (id, name, event, filters)
      select gen_random_uuid(), 'filled ' || number, 'a', '{}'
      from generate_series(1, 98 - (select count(*)::int from analytics.goals)) as number`;
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, number) =>
        analytics.request("POST", "/analytics/goals", { as: admin, body: { name: `Goal ${number}`, event: "a" } }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 201, 422, 422, 422, 422, 422, 422]);
    expect(Object((await get("goals")).body).items.length).toBe(100);
  });
});

test.each([
  ["GET", "/analytics/realtime"],
  ["GET", "/analytics/retention"],
  ["GET", "/analytics/export"],
  ["GET", "/analytics/performance"],
  ["GET", "/analytics/goals"],
])("%s %s: 403 to who is no administrator", async (method, path) => {
  expect((await analytics.request(method, path, { as: await analytics.person("moderator") })).status).toBe(403);
});
