import { inboxRetries } from "@trivet/contracts";
import { newId } from "@trivet/platform";
import type { Answer } from "@trivet/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { events as service } from "../src/service.ts";
import { created, type EventsSystem, startEvents } from "./system/start-events.ts";

let events: EventsSystem;
beforeAll(async () => {
  events = await startEvents();
});
afterAll(() => events.stop());
beforeEach(async () => {
  for (const queue of [events.inbox, events.queue]) Object.assign(queue, { down: false, sent: [] });
  await events.sql`TRUNCATE events.log, events.dead_letters`;
});

const page = z.object({ items: z.array(z.looseObject({ id: z.string() })), nextCursor: z.string().nullable() });
const idsIn = ({ body }: Answer): string[] => page.parse(body).items.map(({ id }) => id);
const get = (path: string) => events.request("GET", path);

describe("every route", () => {
  const closed = service.routes.map(({ contract }) => contract).filter(({ access }) => access.kind === "role");

  test.each(closed.map(({ method, path }) => [method.toUpperCase(), path]))(
    "%s %s is for administrators",
    async (method, path) => {
      const filled = path.replace("{id}", newId());
      const body = method === "POST" ? {} : undefined;
      expect((await events.request(method, filled, { role: undefined, body })).status).toBe(401);
      for (const role of ["user", "moderator"] as const) {
        expect((await events.request(method, filled, { role, body })).status).toBe(403);
      }
    },
  );
});

describe("GET /events", () => {
  test("lists what was announced, newest first, page by page, without repeating or passing over any", async () => {
    const all = Array.from({ length: 7 }, () => created());
    await events.deliver(all);
    const newest = all.map(({ id }) => id).toReversed();
    const seen: string[] = [];
    let answer = await get("/events?limit=3");
    for (;;) {
      seen.push(...idsIn(answer));
      const { nextCursor } = page.parse(answer.body);
      if (nextCursor === null) break;
      await events.deliver([created()]);
      answer = await get(`/events?limit=3&cursor=${nextCursor}`);
    }
    expect(seen).toEqual(newest);
  });

  test("by event, subject, service and time", async () => {
    const [first, second] = [created(), created()];
    const verified = created({ event: "user.email_verified", subject: first.subject });
    await events.deliver([first, second, verified]);
    expect(idsIn(await get("/events?event=user.email_verified"))).toEqual([verified.id]);
    expect(idsIn(await get(`/events?subject=${first.subject}`)).toSorted()).toEqual([first.id, verified.id].toSorted());
    expect(idsIn(await get(`/events?subject=${first.subject}&event=user.created`))).toEqual([first.id]);
    expect(idsIn(await get("/events?service=users"))).toEqual([]);
    const later = new Date(Date.now() + 60_000).toISOString();
    expect(idsIn(await get(`/events?from=${later}`))).toEqual([]);
    expect(idsIn(await get(`/events?to=${later}`)).length).toBe(3);
    expect(idsIn(await get("/events?to=1950-01-01T00:00:00Z"))).toEqual([]);
    expect((await get("/events?from=yesterday")).status).toBe(400);
  });
});

describe("GET /events/{id}", () => {
  test("200: the event as it was announced, and 304 to who holds it", async () => {
    const envelope = created();
    await events.deliver([envelope]);
    const answer = await get(`/events/${envelope.id}`);
    expect(answer).toMatchObject({ status: 200, body: { ...envelope, received_at: expect.any(String) } });
    const headers = { "if-none-match": answer.headers.get("etag") ?? "" };
    expect((await events.request("GET", `/events/${envelope.id}`, { headers })).status).toBe(304);
    expect((await get(`/events/${newId()}`)).status).toBe(404);
  });
});

describe("GET /events/monitor", () => {
  test("tells the ends of the log, its days, and of each subscriber what waits and what died", async () => {
    const [first, last] = [created(), created()];
    await events.deliver([first, last]);
    await events.deliver([created()], { queue: "inbox-users-dead" });
    expect((await get("/events/monitor")).body).toMatchObject({
      streams: [
        {
          name: "log",
          queue: "events",
          backlog: { messages: 0, oldest_at: null, lag_s: 0 },
          last_minute: 2,
          days: expect.any(Number),
          first: { id: first.id },
          last: { id: last.id },
        },
      ],
      consumers: expect.arrayContaining([
        {
          name: "users",
          queue: "inbox-users",
          events: ["user.created", "user.deleted"],
          backlog: { messages: 2, oldest_at: null, lag_s: 0 },
          dead_letters: 1,
        },
      ]),
    });
  });
});

describe("dead letters", () => {
  const die = async (count: number) => {
    const died = Array.from({ length: count }, () => created());
    await events.deliver(died, { queue: "inbox-users-dead", cause: "Error: poison" });
    return died;
  };
  const listed = async (query = "") => idsIn(await get(`/events/dead-letters${query}`));
  const redrive = (id: string) => events.request("POST", `/events/dead-letters/${id}/redrive`);
  const redriveAll = (body: object) => events.request("POST", "/events/dead-letters/redrive", { body });

  test("are listed newest first and read with the message, its cause and its attempts", async () => {
    const [died] = await die(1);
    await events.deliver(["nothing at all"]);
    const [broken = "", poisoned = ""] = await listed();
    expect((await get(`/events/dead-letters/${poisoned}`)).body).toMatchObject({
      queue: "inbox-users",
      event: "user.created",
      eventId: died?.id,
      cause: "Error: poison",
      attempts: inboxRetries + 1,
      redrivenAt: null,
      body: died,
    });
    expect((await get(`/events/dead-letters/${broken}`)).body).toMatchObject({
      queue: "events",
      body: "nothing at all",
    });
    expect(await listed("?queue=events")).toEqual([broken]);
    expect(await listed("?event=user.created")).toEqual([poisoned]);
    expect((await get(`/events/dead-letters/${newId()}`)).status).toBe(404);
  });

  test("one is driven again to its subscriber, once, however many ask at once", async () => {
    const [died] = await die(1);
    const [id = ""] = await listed();
    const answers = await Promise.all(Array.from({ length: 6 }, () => redrive(id)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409, 409, 409]);
    expect(events.inbox.sent).toEqual([died]);
    expect(answers.find(({ status }) => status === 200)?.body).toMatchObject({ id, redrivenAt: expect.any(String) });
    expect(await listed("?redriven=no")).toEqual([]);
    expect(await listed("?redriven=yes")).toEqual([id]);
  });

  test("one that cannot be sent stays as it is", async () => {
    await die(1);
    const [id = ""] = await listed();
    events.inbox.down = true;
    expect((await redrive(id)).status).toBe(500);
    expect(await listed("?redriven=no")).toEqual([id]);
    events.inbox.down = false;
    expect((await redrive(id)).status).toBe(200);
  });

  test("one that dies again is a new letter", async () => {
    const [died] = await die(1);
    const [id = ""] = await listed();
    await redrive(id);
    await events.deliver([died], { queue: "inbox-users-dead" });
    expect((await listed("?redriven=no")).length).toBe(1);
    expect(await listed("?redriven=yes")).toEqual([id]);
  });

  test("many are driven again, each once, by several who ask at once; others stay", async () => {
    const died = await die(120);
    await events.deliver([{ event: "user.created" }]);
    const answers = await Promise.all([1, 2, 3].map(() => redriveAll({ queue: "inbox-users" })));
    const counts = answers.map(({ body }) => z.object({ redriven: z.int(), more: z.boolean() }).parse(body));
    expect(counts.reduce((sum, { redriven }) => sum + redriven, 0)).toBe(120);
    const idsOf = (those: unknown[]) => those.map((one) => String(Object(one).id)).toSorted();
    expect(idsOf(events.inbox.sent)).toEqual(idsOf(died));
    expect(events.queue.sent).toEqual([]);
    expect((await redriveAll({ event: "user.created" })).body).toEqual({ redriven: 1, more: false });
    expect(events.queue.sent).toEqual([{ event: "user.created" }]);
    expect((await redriveAll({})).body).toEqual({ redriven: 0, more: false });
    expect((await redriveAll({ queue: "nowhere" })).status).toBe(422);
  });

  test("one is forgotten", async () => {
    await die(1);
    const [id = ""] = await listed();
    expect((await events.request("DELETE", `/events/dead-letters/${id}`)).status).toBe(204);
    expect((await events.request("DELETE", `/events/dead-letters/${id}`)).status).toBe(404);
    expect(await listed()).toEqual([]);
  });
});
