import { newId } from "@trivet/platform";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AnalyticsSystem, type Person, startAnalytics } from "./system/start-analytics.ts";

let analytics: AnalyticsSystem;
let people: Person[];
beforeAll(async () => {
  analytics = await startAnalytics();
  people = await Promise.all(Array.from({ length: 5 }, () => analytics.person()));
});
afterAll(() => analytics.stop());

const day = 24 * 60 * 60_000;
const names = ["page_view", "sign up", "ünïcode 🧮"];

/** A request of one person: events somewhere in the past week, or now. */
const delivery = fc.record({
  person: fc.nat(4),
  events: fc.array(
    fc.record({ name: fc.constantFrom(...names), late: fc.option(fc.integer({ min: 0, max: 7 * day - 60_000 })) }),
    { minLength: 1, maxLength: 20 },
  ),
});
/** Requests that come at once, and whether the cron runs among them or after. */
const turn = fc.record({ deliveries: fc.array(delivery, { minLength: 1, maxLength: 6 }), folds: fc.nat(2) });

const counted = () => analytics.sql`
  select level, name, slot, events::int from analytics.rollups where events > 0 order by level, name, slot`;
const recounted = () => analytics.sql`
  with named as (select name, at from analytics.events union all select '', at from analytics.events)
  select level, name, date_bin(step, at, 'epoch') as slot, count(*)::int as events
  from named, (values ('quarter', interval '15 minutes'), ('hour', interval '1 hour'), ('day', interval '1 day')) as levels (level, step)
  group by 1, 2, 3 order by 1, 2, 3`;

describe("the rollups", () => {
  test("are what the events add up to, whatever comes late and while they are counted", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(turn, { minLength: 1, maxLength: 4 }), async (turns) => {
        for (const { deliveries, folds } of turns) {
          const sent = deliveries.map(({ person, events }) => {
            const body = events.map(({ name, late }) => ({
              name,
              ...(late !== null && { timestamp: new Date(Date.now() - late).toISOString() }),
            }));
            return analytics.request("POST", "/analytics/events", { ...as(person), body });
          });
          const ticks = Array.from({ length: folds }, () => analytics.tick("* * * * *"));
          for (const { status, body } of await Promise.all(sent)) {
            expect({ status, body }).toMatchObject({ status: 202, body: { errors: [] } });
          }
          await Promise.all(ticks);
        }
        await analytics.tick("* * * * *");
        expect([...(await counted())]).toEqual([...(await recounted())]);
        expect(await analytics.sql`select id from analytics.chunks where not counted`).toEqual([]);
      }),
      { numRuns: 15 },
    );
  });

  test("know every visitor of a few exactly", async () => {
    const name = `visited ${newId()}`;
    for (const person of [0, 1, 2, 0]) {
      await analytics.request("POST", "/analytics/events", { ...as(person), body: { name } });
      await analytics.tick("* * * * *");
    }
    const admin = await analytics.person("admin");
    const { body } = await analytics.request("GET", `/analytics/stats?event=${encodeURIComponent(name)}`, {
      as: admin,
    });
    expect(body).toMatchObject({ events: 4, uniqueUsers: 3, basis: "rollups" });
  });

  test("stay when a cron fails halfway: nothing is lost and nothing counted twice", async () => {
    await analytics.request("POST", "/analytics/events", { ...as(0), body: [{ name: "a" }, { name: "b" }] });
    await analytics.sql`alter table analytics.rollups add constraint failing check (name <> 'b') not valid`;
    await expect(analytics.tick("* * * * *")).rejects.toThrow();
    await analytics.sql`alter table analytics.rollups drop constraint failing`;
    await analytics.tick("* * * * *");
    expect([...(await counted())]).toEqual([...(await recounted())]);
  });
});

describe("chunks of few events", () => {
  const stored = () => analytics.sql`
    select at, visitor, source, name, properties from analytics.events order by at, visitor, name, properties`;
  const chunks = async () => Object((await analytics.sql`select count(*)::int from analytics.chunks`)[0]).count;
  const sendMany = async () => {
    for (let time = 0; time < 30; time += 1) {
      const properties = { text: ["[", "]", '"],[', "{}"][time % 4], time };
      const body = [{ name: '",{"' }, { name: "quiet", properties }].slice(time % 2);
      const headers: Record<string, string> = time % 5 === 0 ? { dnt: "1" } : {};
      await analytics.request("POST", "/analytics/events", { ...as(time % 3), body, headers });
    }
  };

  test("are put together when they are counted, and say what they said", async () => {
    await sendMany();
    const [before, scattered] = [await stored(), await chunks()];
    await analytics.tick("* * * * *");
    expect([...(await stored())]).toEqual([...before]);
    expect(await chunks()).toBeLessThan(scattered - 25);
    expect([...(await counted())]).toEqual([...(await recounted())]);
  });

  test("stay as they are when that fails halfway, and are counted once it works", async () => {
    await sendMany();
    const before = await stored();
    await analytics.sql`alter table analytics.chunks add constraint failing check (size < 20) not valid`;
    await expect(analytics.tick("* * * * *")).rejects.toThrow();
    await analytics.sql`alter table analytics.chunks drop constraint failing`;
    expect([...(await stored())]).toEqual([...before]);
    await analytics.tick("* * * * *");
    expect([...(await stored())]).toEqual([...before]);
    expect([...(await counted())]).toEqual([...(await recounted())]);
  });
});

describe("at the turn of days", () => {
  test("partitions are ahead of time, and those past their time are gone with their events", async () => {
    await analytics.sql`create table analytics.chunks_20260101 partition of analytics.chunks
      for values from ('2026-01-01') to ('2026-01-02')`;
    await analytics.tick("0 * * * *");
    const partitions = await analytics.sql`
      select inhrelid::regclass::text as name from pg_inherits where inhparent = 'analytics.chunks'::regclass`;
    const all = partitions.map(({ name }) => name);
    const nameOf = (at: number) => `analytics.chunks_${new Date(at).toISOString().slice(0, 10).replaceAll("-", "")}`;
    for (const ahead of [0, 1, 6, 7]) expect(all).toContain(nameOf(Date.now() + ahead * day));
    expect(all).not.toContain("analytics.chunks_20260101");
    await analytics.tick("0 * * * *");
  });

  test("yesterday's salt is deleted, today's stays", async () => {
    const today = new Date().toISOString().slice(0, 10);
    await analytics.sql`insert into analytics.salts values ('2026-01-01', 'old'), (${today}, 'new') on conflict do nothing`;
    await analytics.tick("0 * * * *");
    expect(await analytics.sql`select salt from analytics.salts`).toEqual([{ salt: "new" }]);
  });

  test("ids of events are forgotten once no repeat of them would be accepted", async () => {
    await analytics.sql`
      insert into analytics.seen_events values
        ('00000000-0000-8000-8000-000000000001', now() - interval '9 days'),
        ('00000000-0000-8000-8000-000000000002', now() - interval '7 days')`;
    await analytics.tick("0 * * * *");
    expect(await analytics.sql`select key from analytics.seen_events`).toEqual([
      { key: "00000000-0000-8000-8000-000000000002" },
    ]);
  });
});

function as(index: number): { as: Person } {
  const person = people[index];
  if (!person) throw new Error(`There is no person ${index}.`);
  return { as: person };
}
