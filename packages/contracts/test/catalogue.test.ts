import * as contracts from "@trivet/contracts";
import {
  envelope,
  eventNamed,
  events,
  id,
  legacyNameOf,
  repeatable,
  subscribersOf,
  subscriptions,
} from "@trivet/contracts";
import type { CallContract } from "@trivet/platform";
import { describe, expect, test } from "vitest";
import { z } from "zod";

/** Data that can name or reach a person does not belong into a log that outlives the account. */
const personal = /mail|phone|name$|address|birth|bio|password|token|ip$/i;

describe("events", () => {
  test.each(Object.entries(events))("%s carries its own name, ids and facts, and nothing personal", (name, event) => {
    expect(event.name).toBe(name);
    expect(name).toMatch(/^[a-z]+\.[a-z]+(?:_[a-z]+)*$/);
    expect(event.version).toBeGreaterThan(0);
    for (const field of Object.keys(event.data.shape)) expect(field).not.toMatch(personal);
  });

  test.each(Object.values(events))("$name is about one of the ids that it carries", (event) => {
    expect(Object.entries(event.data.shape)).toContainEqual([event.subject, id]);
  });

  test("each goes by its own name and by the one of older programs, and no two by the same", () => {
    const names = Object.keys(events).flatMap((name) => [name, legacyNameOf(name)]);
    expect(new Set(names).size).toBe(names.length);
    for (const [name, event] of Object.entries(events)) {
      expect([eventNamed(name), eventNamed(legacyNameOf(name))]).toEqual([event, event]);
    }
    expect(eventNamed("USER_CREATED")).toBe(events["user.created"]);
    for (const name of ["constructor", "User.Created", ""]) expect(eventNamed(name)).toBeUndefined();
  });

  test("who subscribes to something subscribes to an event that exists", () => {
    for (const names of Object.values(subscriptions)) {
      for (const name of names) expect(events).toHaveProperty([name]);
    }
    for (const [service, names] of Object.entries(repeatable)) {
      for (const name of names) expect(subscriptions[service]).toContain(name);
    }
    expect(subscribersOf("user.created")).toEqual(["users", "analytics"]);
    expect(subscribersOf("nobody.listens")).toEqual([]);
  });
});

describe("envelope", () => {
  const good = {
    id: "019a9f00-0000-7000-8000-000000000000",
    event: "user.created",
    version: 1,
    service: "auth",
    subject: "019a9f00-0000-7000-8000-000000000001",
    timestamp: "2026-01-01T00:00:00.000Z",
    trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
    span_id: "00f067aa0ba902b7",
    data: { userId: "019a9f00-0000-7000-8000-000000000001" },
  };

  test("survives its way through JSON unchanged", () => {
    expect(envelope.parse(JSON.parse(JSON.stringify(good)))).toEqual(good);
  });

  test.each([
    ["an id that is no UUID", { id: "1" }],
    ["version 0", { version: 0 }],
    ["a time without zone", { timestamp: "2026-01-01T00:00:00" }],
    ["a trace id of another length", { trace_id: "abc" }],
    ["data that is no object", { data: [] }],
  ])("is refused with %s", (_, change) => {
    expect(envelope.safeParse({ ...good, ...change }).success).toBe(false);
  });
});

describe("calls", () => {
  const calls = Object.entries(contracts).flatMap(([name, value]): [string, CallContract][] =>
    isCall(value) ? [[name, value]] : [],
  );

  test.each<[string, CallContract]>(calls)("%s names its callers and every parameter of its path", (_, call) => {
    expect(call.callers.length).toBeGreaterThan(0);
    expect(call.path).toMatch(/^\/[a-z\d/{}-]+$/i);
    const named = [...call.path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
    expect(named).toEqual(Object.keys(call.params?.shape ?? {}));
  });

  test("there are some", () => {
    expect(calls.map(([name]) => name)).toEqual(
      expect.arrayContaining(["getAccount", "getProfiles", "exchangeApiKey"]),
    );
  });
});

const shape = z.object({ service: z.string(), callers: z.array(z.string()), method: z.string(), path: z.string() });

/** Everything of this shape that the package exports was made by `defineCall`. */
const isCall = (value: unknown): value is CallContract => shape.safeParse(value).success;
