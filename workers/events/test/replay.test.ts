import { type Envelope, memoryDaysOf, subscriptions } from "@trivet/contracts";
import { newId } from "@trivet/platform";
import type { Answer } from "@trivet/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { replayedId } from "../src/replay/run-replays.ts";
import { replay as replaySchema } from "../src/schemas.ts";
import { created, type EventsSystem, startEvents } from "./system/start-events.ts";

let events: EventsSystem;
beforeAll(async () => {
  events = await startEvents();
});
afterAll(() => events.stop());
beforeEach(async () => {
  for (const queue of [events.inbox, events.analytics]) Object.assign(queue, { down: false, sent: [], waiting: 0 });
  await events.sql`TRUNCATE events.log, events.replays, events.idempotency_keys`;
});

const day = 86_400_000;
const start = (body: object, headers: Record<string, string> = {}) =>
  events.request("POST", "/events/replay", { body, headers });
const replayIn = ({ body }: Answer) => replaySchema.parse(body);
const read = async (id: string) => replayIn(await events.request("GET", `/events/replays/${id}`));
const idsOf = (sent: readonly unknown[]) => sent.map((one) => Object(one).id);

/** So many events in the log, and nothing in the inboxes. */
async function logged(count: number): Promise<Envelope[]> {
  const all = Array.from({ length: count }, () => created());
  await events.deliver(all);
  for (const queue of [events.inbox, events.analytics]) queue.sent = [];
  return all;
}

const positions = async () =>
  (await events.sql<{ position: string }[]>`SELECT position FROM events.log ORDER BY position`).map(({ position }) =>
    Number(position),
  );

describe("POST /events/replay", () => {
  test("202: what is between two positions, to one subscriber, under the ids by which it is known", async () => {
    const all = await logged(10);
    const [first = 0] = await positions();
    const answer = await start({ fromPosition: first + 2, toPosition: first + 5, subscriber: "users" });
    expect([answer.status, replayIn(answer).state]).toEqual([202, "running"]);
    expect(events.inbox.sent).toEqual(all.slice(2, 6));
    expect(events.analytics.sent).toEqual([]);
    expect(await read(replayIn(answer).id)).toMatchObject({
      ...{ state: "finished", sent: 4, subscriber: "users", position: first + 5, lastPosition: first + 5, cause: null },
      endedAt: expect.any(String),
    });
  });

  test("202: from a time on, to everybody who listens, of one event; what is written later is none of it", async () => {
    const from = new Date(Date.now() - 1_000).toISOString();
    const all = await logged(3);
    await events.deliver([created({ event: "user.email_verified", data: { userId: newId() } })]);
    events.analytics.sent = [];
    const { id } = replayIn(await start({ from, event: "user.created" }));
    await events.deliver([created()]);
    expect(idsOf(events.inbox.sent).slice(0, 3)).toEqual(idsOf(all));
    expect(idsOf(events.analytics.sent).slice(0, 3)).toEqual(idsOf(all));
    expect(await read(id)).toMatchObject({ state: "finished", sent: 3 });
    const later = new Date(Date.now() + 60_000).toISOString();
    expect(await read(replayIn(await start({ from: later })).id)).toMatchObject({ state: "finished", sent: 0 });
  });

  test("many: each once, in order; while others run", async () => {
    const all = await logged(450);
    const answers = await Promise.all([1, 2, 3].map(() => start({ fromPosition: 1, subscriber: "users" })));
    for (const answer of answers) {
      await expect.poll(() => read(replayIn(answer).id)).toMatchObject({ state: "finished", sent: 450 });
    }
    expect(idsOf(events.inbox.sent).toSorted()).toEqual(idsOf([...all, ...all, ...all]).toSorted());
  });

  test("replayed twice with `force`: each time under ids of its own, which a batch that is sent again keeps", async () => {
    const [one] = await logged(1);
    const asked = { fromPosition: 1, subscriber: "users", event: "user.created", force: true };
    const ids = [replayIn(await start(asked)).id, replayIn(await start(asked)).id];
    expect(idsOf(events.inbox.sent)).toEqual(ids.map((id) => replayedId(id, one?.id ?? "")));
    expect(new Set(idsOf(events.inbox.sent)).size).toBe(2);
    expect(z.array(z.object({ id: z.uuid(), data: z.any() })).parse(events.inbox.sent)[0]?.data).toEqual(one?.data);
  });

  test("422: with `force` what would take effect twice", async () => {
    await logged(1);
    for (const asked of [{ subscriber: "analytics" }, { event: "user.created" }, {}]) {
      const answer = await start({ fromPosition: 1, force: true, ...asked });
      expect(answer.status, JSON.stringify(asked)).toBe(422);
      expect(JSON.stringify(answer.body)).toContain("analytics");
    }
    expect([...events.inbox.sent, ...events.analytics.sent]).toEqual([]);
  });

  test("422: farther back than a subscriber remembers; what may be handled again at any time goes back all the way", async () => {
    await logged(2);
    const days = memoryDaysOf("analytics");
    await events.sql`UPDATE events.log SET received_at = now() - make_interval(days => ${days})`;
    const refused = await start({ fromPosition: 1 });
    expect([refused.status, Object(refused.body).detail]).toEqual([422, expect.stringMatching(/^analytics does not/)]);
    expect((await start({ fromPosition: 1, subscriber: "users" })).status).toBe(202);
    expect(events.inbox.sent.length).toBe(2);
    await events.sql`UPDATE events.log SET received_at = now() - make_interval(days => ${days - 2})`;
    expect((await start({ fromPosition: 1 })).status).toBe(202);
  });

  test.each<[string, object, number]>([
    ["no beginning", { subscriber: "users" }, 400],
    ["a subscriber that is none", { fromPosition: 1, subscriber: "constructor" }, 400],
    ["a position that is none", { fromPosition: -1 }, 400],
    ["an event that nobody listens to", { fromPosition: 1, subscriber: "users", event: "user.updated" }, 422],
    ["an event that there is not", { fromPosition: 1, event: "user.levitated" }, 422],
  ])("refuses %s", async (_, body, status) => {
    expect((await start(body)).status).toBe(status);
  });

  test("an Idempotency-Key: one replay, however often it is asked for", async () => {
    await logged(1);
    const headers = { "idempotency-key": "once" };
    const [first, second] = [await start({ fromPosition: 1 }, headers), await start({ fromPosition: 1 }, headers)];
    expect(second.body).toEqual(first.body);
    expect(events.inbox.sent.length).toBe(1);
  });

  test("409: more than ten at a time", async () => {
    await logged(1);
    events.inbox.down = true;
    const answers = await Promise.all(Array.from({ length: 12 }, () => start({ fromPosition: 1 })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array(10).fill(202), 409, 409]);
  });
});

describe("a replay", () => {
  test("waits while an inbox cannot be written to, says so, and goes on where it was", async () => {
    const all = await logged(150);
    events.inbox.down = true;
    const { id } = replayIn(await start({ fromPosition: 1, subscriber: "users" }));
    expect(await read(id)).toMatchObject({ state: "running", sent: 0, cause: expect.stringMatching(/tried again/) });
    events.inbox.down = false;
    await events.tick("* * * * *");
    expect(await read(id)).toMatchObject({ sent: 0 });
    await events.sql`UPDATE events.replays SET due_at = now()`;
    await events.tick("* * * * *");
    expect(await read(id)).toMatchObject({ state: "finished", sent: 150, cause: null });
    expect(idsOf(events.inbox.sent)).toEqual(idsOf(all));
  });

  test("waits while an inbox is full: what is new goes before what is old", async () => {
    await logged(1);
    events.inbox.waiting = 5_000;
    const { id } = replayIn(await start({ fromPosition: 1, subscriber: "users" }));
    expect(await read(id)).toMatchObject({
      state: "running",
      sent: 0,
      cause: expect.stringMatching(/inbox-users is full/),
    });
    events.inbox.waiting = 0;
    await events.sql`UPDATE events.replays SET due_at = now()`;
    await events.tick("* * * * *");
    expect(await read(id)).toMatchObject({ state: "finished", sent: 1 });
  });

  test("that is cancelled sends no more; to cancel it again changes nothing, and one that has finished cannot be", async () => {
    await logged(1);
    events.inbox.down = true;
    const { id } = replayIn(await start({ fromPosition: 1, subscriber: "users" }));
    const cancel = (which: string) => events.request("POST", `/events/replays/${which}/cancel`);
    const cancelled = replayIn(await cancel(id));
    expect(cancelled).toMatchObject({ state: "cancelled", endedAt: expect.any(String) });
    expect(replayIn(await cancel(id))).toEqual(cancelled);
    events.inbox.down = false;
    await events.sql`UPDATE events.replays SET due_at = now()`;
    await events.tick("* * * * *");
    expect(events.inbox.sent).toEqual([]);
    const finished = replayIn(await start({ fromPosition: 1, subscriber: "users" }));
    expect((await cancel(finished.id)).status).toBe(409);
    expect((await cancel(newId())).status).toBe(404);
  });

  test("that has taken a day is given up: its subscribers begin to forget", async () => {
    await logged(1);
    events.inbox.down = true;
    const { id } = replayIn(await start({ fromPosition: 1, subscriber: "users" }));
    events.inbox.down = false;
    await events.sql`UPDATE events.replays SET due_at = now(), created_at = now() - interval '25 hours'`;
    await events.tick("* * * * *");
    expect(await read(id)).toMatchObject({ state: "failed", cause: expect.stringMatching(/longer than a day/) });
    expect(events.inbox.sent).toEqual([]);
  });

  test("is listed, newest first, page by page", async () => {
    await logged(1);
    const ids: string[] = [];
    for (let made = 0; made < 3; made += 1) ids.push(replayIn(await start({ fromPosition: 1 })).id);
    const page = z.object({ items: z.array(replaySchema), nextCursor: z.string().nullable() });
    const first = page.parse((await events.request("GET", "/events/replays?limit=2")).body);
    const rest = page.parse((await events.request("GET", `/events/replays?cursor=${first.nextCursor}`)).body);
    expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual(ids.toReversed());
  });
});

test("every subscriber remembers for longer than a replay may take", () => {
  for (const who of Object.keys(subscriptions)) expect(memoryDaysOf(who) * day).toBeGreaterThan(2 * day);
});
