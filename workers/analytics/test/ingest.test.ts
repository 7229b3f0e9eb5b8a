import { newId } from "@trivet/platform";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type AnalyticsSystem, type Person, siteKey, siteOrigin, startAnalytics } from "./system/start-analytics.ts";

let analytics: AnalyticsSystem;
let ada: Person;
beforeAll(async () => {
  analytics = await startAnalytics();
  ada = await analytics.person();
});
afterAll(() => analytics.stop());
beforeEach(async () => {
  await analytics.sql`delete from analytics.chunks`;
});

const send = (body: unknown, headers: Record<string, string> = {}, as: Person = ada) =>
  analytics.request("POST", "/analytics/events", { as, body, headers });
const stored = async () => [
  ...(await analytics.sql`select at, visitor, source, name, properties from analytics.events order by name, at`),
];
const ago = (milliseconds: number) => new Date(Date.now() - milliseconds).toISOString();
const hour = 60 * 60_000;

describe("POST /analytics/events", () => {
  test("202: one event is stored when the answer comes", async () => {
    const { status, body } = await send({ name: "page_view", properties: { path: "/feed", tags: ["a", { b: 1 }] } });
    expect({ status, body }).toEqual({ status: 202, body: { accepted: 1, duplicates: 0, errors: [] } });
    expect(await stored()).toMatchObject([
      { visitor: ada.id, source: "user", name: "page_view", properties: { path: "/feed", tags: ["a", { b: 1 }] } },
    ]);
  });

  test("202: the good ones of many are stored, each of the others is named by its index and what is wrong with it", async () => {
    const { status, body } = await send([
      { name: "good" },
      { name: "" },
      { name: "x".repeat(101) },
      "nonsense",
      null,
      { name: "a", surprise: 1, "b/c~d": 2 },
      { name: "a", userId: ada.id },
      { name: "a", properties: [] },
      { name: "a", properties: { deep: { deep: { deep: { deep: { deep: {} } } } } } },
      { name: "a", properties: { long: "x".repeat(2_001) } },
      { name: "a", properties: { many: Array.from({ length: 250 }, () => 0) } },
      { name: "a", properties: { ["x".repeat(101)]: 1 } },
      { name: "a", timestamp: ago(-6 * 60_000) },
      { name: "a", timestamp: ago(7 * 24 * hour + 60_000) },
      { name: "a", timestamp: "yesterday" },
      { name: "a", timestamp: 5 },
      { name: "a", id: "" },
      { name: "also good", properties: { most: Array.from({ length: 249 }, () => 0) } },
    ]);
    expect(status).toBe(202);
    const { errors, ...rest } = body as { errors: { index: number; pointer: string; message: string }[] };
    expect(rest).toEqual({ accepted: 2, duplicates: 0 });
    expect(errors.map(({ index, pointer }) => [index, pointer])).toEqual([
      ...[1, 2].map((index) => [index, "/name"]),
      ...[3, 4].map((index) => [index, ""]),
      [5, "/surprise"],
      [6, "/userId"],
      ...[7, 8, 9, 10, 11].map((index) => [index, "/properties"]),
      ...[12, 13, 14, 15].map((index) => [index, "/timestamp"]),
      [16, "/id"],
    ]);
    expect(errors.every(({ message }) => message.length > 10)).toBe(true);
    expect((await stored()).map(({ name }) => name)).toEqual(["also good", "good"]);
  });

  test("202: a late event is stored at its time, one of a clock that runs a little ahead at ours", async () => {
    const late = ago(6 * 24 * hour);
    const before = Date.now();
    const { body } = await send([
      { name: "a", timestamp: late },
      { name: "b", timestamp: ago(-4 * 60_000) },
      { name: "c", timestamp: "2026-01-31T12:00:00+01:00".replace(/^\d{4}-\d\d-\d\d/, late.slice(0, 10)) },
    ]);
    expect(body).toMatchObject({ accepted: 3 });
    const [a, b] = await stored();
    expect(a?.at.toISOString()).toBe(late);
    expect(b?.at.getTime()).toBeGreaterThanOrEqual(before);
    expect(b?.at.getTime()).toBeLessThanOrEqual(Date.now());
  });

  test("400 for no events, for more than 1,000, and for what is no JSON", async () => {
    for (const body of [[], Array.from({ length: 1_001 }, () => ({ name: "a" }))]) {
      expect((await send(body)).status).toBe(400);
    }
    for (const raw of ["", "{", '{"name":"a","name":"b"}', '{"name":"\\u0000"}']) {
      const headers = { "content-type": "application/json" };
      expect((await analytics.request("POST", "/analytics/events", { as: ada, raw, headers })).status).toBe(400);
    }
    expect(await stored()).toEqual([]);
  });

  test("202: names and properties are stored as they are, whatever they are made of", async () => {
    const texts = ['"', "\\", '\\"', "{a,b}", "NULL", "null", " ", "a\nb", "ünï 🧮", "'; drop table x", "[1]", "$1"];
    const events = texts.map((text) => ({ name: text, properties: { [text]: text } }));
    expect((await send(events)).body).toMatchObject({ accepted: texts.length, errors: [] });
    const byName = new Map((await stored()).map(({ name, properties }) => [name, properties]));
    expect(byName).toEqual(new Map(events.map(({ name, properties }) => [name, properties])));
  });

  test("202: requests that come at once, of many senders and days, are each stored whole", async () => {
    const people = await Promise.all(Array.from({ length: 6 }, () => analytics.person()));
    const answers = await Promise.all(
      people.flatMap((person, sender) =>
        [0, 1].map((time) =>
          send(
            Array.from({ length: 700 }, (_, index) => ({
              name: "one of many",
              timestamp: ago((index % 3) * 24 * hour),
              properties: { sender, time, index },
            })),
            {},
            person,
          ),
        ),
      ),
    );
    expect(answers.map(({ status, body }) => [status, Object(body).accepted])).toEqual(answers.map(() => [202, 700]));
    const found = (await stored()).map(({ visitor, at, properties }) => {
      const { sender, time, index } = properties;
      expect([visitor, Math.round((Date.now() - at) / (24 * hour))]).toEqual([people[sender]?.id, index % 3]);
      return `${sender} ${time} ${index}`;
    });
    expect(new Set(found).size).toBe(12 * 700);
    expect(found.length).toBe(12 * 700);
  });

  test("202: JSON that a beacon calls plain text", async () => {
    const headers = { "content-type": "text/plain;charset=UTF-8" };
    const raw = JSON.stringify({ name: "left" });
    expect((await analytics.request("POST", "/analytics/events", { as: ada, raw, headers })).status).toBe(202);
    expect(await stored()).toMatchObject([{ name: "left", visitor: ada.id }]);
    const form = { "content-type": "application/x-www-form-urlencoded" };
    expect((await analytics.request("POST", "/analytics/events", { as: ada, raw, headers: form })).status).toBe(415);
  });

  test.each([{ dnt: "1" }, { "sec-gpc": "1" }])(
    "202: with %o it is counted and nobody knows whose it is",
    async (asked) => {
      expect((await send({ name: "quiet" }, asked as Record<string, string>)).status).toBe(202);
      expect(await stored()).toMatchObject([{ name: "quiet", visitor: null }]);
    },
  );
});

describe("an event with an id", () => {
  test("is stored once, however often it is sent, at the same time or later", async () => {
    const id = newId();
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => send([{ name: "once", id }, { name: "once", id }, { name: "each" }])),
    );
    answers.push(await send({ name: "once", id }));
    const sums = answers.map(({ body }) => body as { accepted: number; duplicates: number });
    expect(sums.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(41);
    expect(sums.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(80);
    expect((await stored()).filter(({ name }) => name === "once").length).toBe(1);
    expect((await stored()).filter(({ name }) => name === "each").length).toBe(40);
  });

  test("of somebody else is another event", async () => {
    const id = newId();
    const bob = await analytics.person();
    await send({ name: "mine", id });
    expect((await send({ name: "theirs", id }, {}, bob)).body).toMatchObject({ accepted: 1, duplicates: 0 });
  });
});

describe("while the database is away", () => {
  test("nothing is called stored that is not, and what is sent again is stored once", async () => {
    const events = Array.from({ length: 60 }, (_, index) => ({ name: "resent", id: newId(), properties: { index } }));
    const sent = events.map(async (event, index) => {
      await new Promise((resolve) => setTimeout(resolve, index));
      return { event, answer: await send(event) };
    });
    await analytics.withoutDatabase(async () => {
      const refused = await send({ name: "refused", id: newId() });
      expect(refused).toMatchObject({ status: 503, body: { code: "unavailable" } });
      for (const { answer } of await Promise.all(sent)) {
        if (answer.status !== 202) expect(answer).toMatchObject({ status: 503, body: { code: "unavailable" } });
      }
    });
    const acknowledged = (await Promise.all(sent)).filter(({ answer }) => answer.status === 202);
    const there = new Set((await stored()).map(({ properties }) => properties.index));
    for (const { event } of acknowledged) expect(there).toContain(event.properties.index);
    for (const event of events) expect((await send(event)).status).toBe(202);
    const names = (await stored()).map(({ name, properties }) => `${name} ${properties.index}`);
    expect(names.toSorted()).toEqual(Array.from({ length: 60 }, (_, index) => `resent ${index}`).toSorted());
  });
});

describe("without a token", () => {
  const page = { origin: siteOrigin, "user-agent": "Browser/1" };
  const visit = (address: string | undefined, headers: Record<string, string> = page, site = siteKey) =>
    analytics.request("POST", `/analytics/events?site=${site}`, {
      body: { name: "visit" },
      headers,
      ...(address !== undefined && { address }),
    });

  test("401 without a site's key, and with one that nobody has", async () => {
    expect((await analytics.request("POST", "/analytics/events", { body: { name: "a" } })).status).toBe(401);
    expect((await visit("192.0.2.1", page, "no-such-key-000000")).status).toBe(401);
    expect(await stored()).toEqual([]);
  });

  test("403 from a page that is not the site's, or from none", async () => {
    expect((await visit("192.0.2.1", { origin: "https://elsewhere.example" })).status).toBe(403);
    expect((await visit("192.0.2.1", {})).status).toBe(403);
  });

  test("a visitor is the same for a day and another one from another address; neither address is stored", async () => {
    for (const address of ["192.0.2.1", "192.0.2.1", "192.0.2.2"]) expect((await visit(address)).status).toBe(202);
    const rows = await stored();
    expect(rows.map(({ source }) => source)).toEqual(["site:blog", "site:blog", "site:blog"]);
    expect(new Set(rows.map(({ visitor }) => visitor)).size).toBe(2);
    expect(JSON.stringify(rows)).not.toContain("192.0.2");
  });

  test("nobody is told apart by an address that the router has not stated", async () => {
    expect((await visit(undefined, { ...page, "x-client-ip": "192.0.2.9" })).status).toBe(202);
    expect(await stored()).toMatchObject([{ visitor: null }]);
  });
});

test("a batch in an object is the same, and other members are refused", async () => {
  const post = (body: unknown) => analytics.request("POST", "/analytics/events/batch", { as: ada, body });
  expect(await post({ events: [{ name: "a" }, { name: "" }] })).toMatchObject({
    status: 202,
    body: { accepted: 1, duplicates: 0, errors: [{ index: 1, pointer: "/name" }] },
  });
  expect((await post({ events: [] })).status).toBe(400);
  expect((await post({ events: [{ name: "a" }], more: 1 })).status).toBe(400);
});
