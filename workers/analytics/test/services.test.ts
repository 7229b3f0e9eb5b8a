import { type EventContract, requestBounds, userCreated, userDeleted, userFollowed } from "@trivet/contracts";
import { mintServiceToken, newId } from "@trivet/platform";
import { envelopeOf } from "@trivet/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { quantile } from "../src/performance/quantile.ts";
import { type AnalyticsSystem, type Person, startAnalytics } from "./system/start-analytics.ts";

let analytics: AnalyticsSystem;
let admin: Person;
beforeAll(async () => {
  analytics = await startAnalytics();
  admin = await analytics.person("admin");
});
afterAll(() => analytics.stop());

const stored = (name: string) => analytics.sql`
  select visitor, source, properties from analytics.events where name = ${name} order by source, visitor`;

describe("a service", () => {
  test("records events of users, each once however often it is sent", async () => {
    const userId = newId();
    const name = `paid ${userId}`;
    const events = [
      { id: "order 1", name, userId, properties: { amount: 5 } },
      { id: "order 2", name },
      { id: "order 3", name: "", userId },
    ];
    const first = await analytics.call("payments", "/record", { events: events.slice(0, 2) });
    expect(first).toMatchObject({ status: 200, body: { accepted: 2, duplicates: 0, errors: [] } });
    const again = await analytics.call("payments", "/record", { events: events.slice(0, 2) });
    expect(again.body).toEqual({ accepted: 0, duplicates: 2, errors: [] });
    const other = await analytics.call("posts", "/record", { events: events.slice(1, 2) });
    expect(other.body).toMatchObject({ accepted: 1 });
    expect([...(await stored(name))]).toMatchObject([
      { source: "service:payments", visitor: userId, properties: { amount: 5 } },
      { source: "service:payments", visitor: null },
      { source: "service:posts", visitor: null },
    ]);
  });

  test("is refused in plain text, with the same words", async () => {
    const token = await mintServiceToken("payments", "analytics", "0123456789abcdef0123456789abcdef0123");
    const plain = await analytics.request("POST", "/analytics/internal/record", {
      body: { events: [{ id: "plain", name: "plain" }] },
      headers: { "x-service-token": token },
    });
    expect(plain).toMatchObject({ status: 400, body: { code: "encryption_required" } });
    expect([...(await stored("plain"))]).toEqual([]);
  });

  test("that is none is not let in", async () => {
    expect((await analytics.call("stranger", "/record", { events: [{ id: "a", name: "a" }] })).status).toBe(403);
    const { status } = await analytics.request("POST", "/analytics/internal/record", {
      as: admin,
      body: { events: [] },
    });
    expect(status).toBe(401);
  });
});

describe("GET /analytics/performance", () => {
  const minute = new Date(Math.floor(Date.now() / 60_000 - 30) * 60_000).toISOString();
  const line = (route: string, counts: Record<number, number>, rest: object = {}) => {
    const buckets = [...requestBounds, 0].map((_, index) => counts[index] ?? 0);
    const requests = buckets.reduce((sum, count) => sum + count, 0);
    return { method: "GET", route, minute, requests, failures: 0, totalMs: requests * 8, maxMs: 9, buckets, ...rest };
  };

  test("200: what services have reported adds up, the same report once", async () => {
    const report = {
      id: newId(),
      minutes: [line("/posts/{id}", { 0: 60, 1: 40 }), line("/posts/feed", { 2: 2 }, { maxMs: 20 })],
    };
    for (const body of [report, report]) expect((await analytics.call("posts", "/requests", body)).status).toBe(204);
    const later = { id: newId(), minutes: [line("/posts/{id}", { 1: 100 }, { failures: 3, maxMs: 9.5 })] };
    expect((await analytics.call("posts", "/requests", later)).status).toBe(204);
    const { status, body } = await analytics.request("GET", "/analytics/performance?service=posts", { as: admin });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      items: [
        { route: "/posts/{id}", requests: 200, failures: 3, meanMs: 8, maxMs: 9.5 },
        { route: "/posts/feed", requests: 2, failures: 0, maxMs: 20 },
      ],
    });
    const none = await analytics.request("GET", "/analytics/performance?service=blog", { as: admin });
    expect(none.body).toMatchObject({ items: [] });
  });

  test("400 for a report of another form", async () => {
    for (const wrong of [{ buckets: [1] }, { minute: "2026-01-01T00:00:30Z" }, { requests: -1 }, { surprise: 1 }]) {
      const body = { id: newId(), minutes: [line("/a", { 0: 1 }, wrong)] };
      expect((await analytics.call("posts", "/requests", body)).status).toBe(400);
    }
  });

  test("quantiles lie in the bucket that holds them and never above the slowest request", () => {
    const buckets = [50, 50, ...Array.from({ length: requestBounds.length - 1 }, () => 0)];
    expect(quantile(buckets, 8, 0.5)).toBe(5);
    expect(quantile(buckets, 8, 0.75)).toBe(6.5);
    expect(quantile(buckets, 8, 1)).toBe(8);
    expect(
      quantile(
        buckets.map(() => 0),
        0,
        0.5,
      ),
    ).toBe(0);
  });
});

describe("events of the catalogue", () => {
  const deliver = async (
    event: EventContract,
    subject: string,
    data: Record<string, string>,
    id = newId(),
    timestamp = new Date(),
  ) => {
    const told = { ...envelopeOf(event, subject, data), id, timestamp: timestamp.toISOString() };
    return await analytics.hear(told);
  };

  test("are counted once, however often they come", async () => {
    const userId = newId();
    const id = newId();
    for (let time = 0; time < 3; time += 1) await deliver(userCreated, userId, { userId }, id);
    await deliver(userFollowed, userId, { followerId: userId, followeeId: newId() });
    const rows =
      await analytics.sql`select name, source, properties from analytics.events where visitor = ${userId} order by name`;
    expect([...rows]).toEqual([
      { name: "user.created", source: "service:auth", properties: {} },
      { name: "user.followed", source: "service:users", properties: {} },
    ]);
  });

  test("that are older than what is kept change nothing", async () => {
    const userId = newId();
    await deliver(userCreated, userId, { userId }, newId(), new Date(Date.now() - 31 * 86_400_000));
    expect(await analytics.sql`select 1 from analytics.events where visitor = ${userId}`).toEqual([]);
  });

  test("user.deleted: nobody can tell whose the events were, and the counts stay true", async () => {
    const [ada, bob] = [await analytics.person(), await analytics.person()];
    const name = `seen ${ada.id}`;
    for (const as of [ada, ada, bob]) await analytics.request("POST", "/analytics/events", { as, body: { name } });
    for (let time = 0; time < 2; time += 1) await deliver(userDeleted, ada.id, { userId: ada.id });
    // Their last access token may still send events, so nothing is done before it has ended.
    await analytics.tick("0 * * * *");
    expect((await stored(name)).filter(({ visitor }) => visitor === ada.id).length).toBe(2);
    await analytics.sql`update analytics.erasures set asked_at = now() - interval '16 minutes'`;
    await analytics.tick("0 * * * *");
    const visitors = (await stored(name)).map(({ visitor }) => visitor);
    expect(visitors).not.toContain(ada.id);
    expect(visitors).toContain(bob.id);
    expect(new Set(visitors).size).toBe(2);
    expect(await analytics.sql`select 1 from analytics.erasures`).toEqual([]);
    expect(await analytics.sql`select 1 from analytics.events where visitor = ${ada.id}`).toEqual([]);
  });

  test("user.deleted: of several at once, among the events of others, counted or not", async () => {
    const people = await Promise.all(Array.from({ length: 4 }, () => analytics.person()));
    const name = `seen ${newId()}`;
    const visit = () =>
      Promise.all(people.map((as) => analytics.request("POST", "/analytics/events", { as, body: { name } })));
    await visit();
    await analytics.tick("* * * * *");
    await visit();
    const gone = people.slice(0, 3).map(({ id }) => id);
    for (const userId of gone) await deliver(userDeleted, userId, { userId });
    await analytics.sql`update analytics.erasures set asked_at = now() - interval '16 minutes'`;
    await analytics.tick("0 * * * *");
    const visitors = (await stored(name)).map(({ visitor }) => visitor);
    expect(visitors.length).toBe(8);
    expect(new Set(visitors).size).toBe(4);
    expect(visitors.filter((visitor) => visitor === people[3]?.id).length).toBe(2);
    for (const userId of gone) expect(visitors).not.toContain(userId);
  });
});
