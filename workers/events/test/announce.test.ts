import { events as catalogue, envelope, legacyNameOf } from "@trivet/contracts";
import { mintServiceToken, newId } from "@trivet/platform";
import { serviceSettings } from "@trivet/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { type EventsSystem, startEvents } from "./system/start-events.ts";

let events: EventsSystem;
beforeAll(async () => {
  events = await startEvents();
});
afterAll(() => events.stop());
beforeEach(async () => {
  Object.assign(events.queue, { down: false, sent: [] });
  await events.sql`TRUNCATE events.outbox, events.idempotency_keys, events.log, events.dead_letters`;
});

const post = (body: unknown, headers: Record<string, string> = {}) =>
  events.request("POST", "/events", { body, headers });
const asService = async (name: string, body: unknown) =>
  events.request("POST", "/events", {
    role: undefined,
    body,
    headers: { "x-service-token": await mintServiceToken(name, "events", serviceSettings.SERVICE_JWT_SECRET) },
  });
const sent = () => z.array(envelope).parse(events.queue.sent);
const faultsOf = (body: unknown) =>
  z.object({ errors: z.array(z.object({ pointer: z.string(), detail: z.string() })) }).parse(body).errors;

describe("POST /events", () => {
  test("202: the event goes the way of every other, as if its service had announced it", async () => {
    const userId = newId();
    const { status, body } = await post({ event: "user.updated", data: { userId, fields: ["bio"] } });
    expect(status).toBe(202);
    const [announced] = sent();
    expect(announced).toMatchObject({
      ...{ event: "user.updated", version: 1, service: "users", subject: userId },
      data: { userId, fields: ["bio"] },
    });
    expect(body).toEqual({ id: announced?.id, event: "user.updated", service: "users", subject: userId });
    expect(await events.deliver(events.queue.sent)).toEqual([{ kind: "ack" }]);
    expect(await events.logged()).toEqual([announced?.id]);
  });

  test.each(Object.values(catalogue).map((event) => [legacyNameOf(event.name), event] as const))(
    "202: %s is the event that is called so now",
    async (legacyName, event) => {
      const ids = Object.fromEntries(Object.keys(event.data.shape).map((field) => [field, newId()]));
      const data = event.name === "user.updated" ? { ...ids, fields: ["bio"] } : ids;
      expect((await post({ event: legacyName, data })).status).toBe(202);
      expect(sent()).toMatchObject([{ event: event.name, service: event.service, subject: ids[event.subject], data }]);
    },
  );

  test("202: a message of an older program, whole; what is personal in it is left out", async () => {
    const userId = newId();
    const message = { event: "USER_CREATED", data: { userId, email: "user@example.com" }, timestamp: Date.now() };
    expect((await post(message)).status).toBe(202);
    expect(sent().map(({ data }) => data)).toEqual([{ userId }]);
  });

  test("while the queue is down: 202, and the event is sent when it is back", async () => {
    events.queue.down = true;
    const answer = events.request("POST", "/events", { body: { event: "user.created", data: { userId: newId() } } });
    await expect
      .poll(() => events.sql`SELECT last_error FROM events.outbox`)
      .toEqual([{ last_error: "Queue sendBatch failed" }]);
    events.queue.down = false;
    await events.sql`UPDATE events.outbox SET due_at = now()`;
    await events.tick("* * * * *");
    const { status, body } = await answer;
    expect(status).toBe(202);
    expect(sent()).toMatchObject([{ id: Object(body).id }]);
    expect(await events.sql`SELECT FROM events.outbox`).toEqual([]);
  });

  test("an Idempotency-Key: one event, however often it is sent; another request under it is refused", async () => {
    const request = { event: "user.created", data: { userId: newId() } };
    const headers = { "idempotency-key": "again" };
    const first = await post(request, headers);
    const second = await post(request, headers);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect(sent().length).toBe(1);
    expect((await post({ event: "user.deleted", data: request.data }, headers)).status).toBe(422);
  });

  test("400: an event that is not in the catalogue, told which are", async () => {
    for (const event of ["user.levitated", "constructor", "USER.CREATED", ""]) {
      const answer = await post({ event, data: { userId: newId() } });
      expect(answer.status).toBe(400);
      const [fault] = faultsOf(answer.body);
      expect(fault?.pointer).toBe("/event");
      for (const name of Object.keys(catalogue)) expect(fault?.detail).toContain(name);
    }
    expect(sent()).toEqual([]);
  });

  test.each<[string, object, string]>([
    ["data of another shape", { event: "user.created", data: { userId: "123" } }, "/data/userId"],
    ["no data", { event: "user.created" }, "/data"],
    ["a field that it does not name", { event: "user.created", data: { userId: newId() }, id: newId() }, "/id"],
  ])("400: %s, by the field", async (_, body, pointer) => {
    const answer = await post(body);
    expect([answer.status, faultsOf(answer.body)[0]?.pointer]).toEqual([400, pointer]);
    expect(sent()).toEqual([]);
  });

  test("413: more than a message of a queue may hold, and data that fits none with its envelope", async () => {
    const big = { event: "user.created", data: { userId: newId(), note: "x".repeat(128_000) } };
    expect((await post(big)).status).toBe(413);
    const fields = Array.from({ length: 100 }, () => "\u0001".repeat(100));
    expect((await post({ event: "user.updated", data: { userId: newId(), fields } })).status).toBe(413);
    expect(sent()).toEqual([]);
  });

  test("a service announces what is its own, and 403 what is another's", async () => {
    const data = { userId: newId() };
    expect((await asService("users", { event: "settings.updated", data })).status).toBe(202);
    expect((await asService("users", { event: "user.deleted", data })).status).toBe(403);
    expect(sent().map(({ event }) => event)).toEqual(["settings.updated"]);
  });

  test("the router's own token opens nothing: every request through it brings one", async () => {
    expect((await asService("router", { event: "user.deleted", data: { userId: newId() } })).status).toBe(401);
    expect(sent()).toEqual([]);
  });
});
