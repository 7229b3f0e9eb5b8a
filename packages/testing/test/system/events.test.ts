import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { client } from "../../src/client.ts";
import { type Person, withRole } from "../../src/people.ts";
import { runtimes, withoutLimits } from "../../src/system/shared-systems.ts";
import { runtimeNames } from "../../src/system/start-process.ts";
import { type System, startSystem } from "../../src/system/start-system.ts";

const settings = { ...withoutLimits, PASSWORD_COST: "8" };
const shown = z.looseObject({ id: z.uuid(), event: z.string(), subject: z.string(), position: z.int() });

/** Follows the tail of a system through its public door. */
async function follow(url: string, token: string, headers: Record<string, string> = {}) {
  const left = new AbortController();
  const response = await fetch(`${url}/api/v1/events/tail`, {
    headers: { ...headers, authorization: `Bearer ${token}`, "accept-encoding": "gzip, br, zstd" },
    signal: left.signal,
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) throw new Error(`There is no tail: ${response.status}`);
  let text = (await reader.read()).value ?? "";
  return {
    response,
    text: () => text,
    /** The first event that passes, and its id as the stream has it. */
    async until(wanted: (event: z.output<typeof shown>) => boolean) {
      for (;;) {
        for (const [, id = "", data = ""] of text.matchAll(/^id: (\d+)\ndata: (.*)\n\n/gm)) {
          const event = shown.parse(JSON.parse(data));
          if (wanted(event)) return { id, event };
        }
        text += (await reader.read()).value ?? "";
      }
    },
    /** Reads to the end; rejects where the stream breaks off. */
    async end() {
      for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value;
      return text;
    },
    leave: () => left.abort(),
  };
}

describe.for(runtimes)("events on %s", (runtime) => {
  let system: System;
  let admin: Person;
  beforeAll(async () => {
    system = await startSystem({ runtime, env: settings });
    admin = await withRole(client(system.url), system.database.adminUrl, "admin");
  });
  afterAll(() => system?.stop());

  const announce = (body: object) => client(system.url).post("/events", body, admin.token);
  const counted = async (event: string) => {
    const { body } = await client(system.url).get(`/analytics/stats?event=${event}`, admin.token);
    return z.object({ events: z.int() }).parse(body).events;
  };

  test(`one that is announced is seen at once, listed, and counted by analytics, on ${runtimeNames[runtime]}`, {
    timeout: 120_000,
  }, async () => {
    const api = client(system.url);
    const tail = await follow(system.url, admin.token);
    expect(tail.response.headers.get("content-type")).toBe("text/event-stream");
    expect(tail.response.headers.get("content-encoding")).toBeNull();
    const began = performance.now();
    const answer = await announce({ event: "SETTINGS_UPDATED", data: { userId: admin.id, theme: "dark" } });
    expect(answer, answer.text).toMatchObject({ status: 202, body: { event: "settings.updated", subject: admin.id } });
    const { id } = z.object({ id: z.uuid() }).parse(answer.body);
    const seen = await tail.until((event) => event.id === id);
    // The log is looked at once a second; whatever held the stream back would do so until it ends.
    expect(performance.now() - began).toBeLessThan(15_000);
    expect(seen.id).toBe(String(seen.event.position));
    tail.leave();
    expect((await api.get("/events?event=settings.updated", admin.token)).body).toMatchObject({ items: [{ id }] });
    // Analytics counts once a minute.
    await expect.poll(() => counted("settings.updated"), { timeout: 90_000, interval: 500 }).toBe(1);
  });

  test(`who comes again sees what came meanwhile, on ${runtimeNames[runtime]}`, async () => {
    const idOf = async (userId: string) => {
      const { body } = await announce({ event: "user.email_verified", data: { userId } });
      return z.object({ id: z.uuid() }).parse(body).id;
    };
    const first = await follow(system.url, admin.token);
    const one = await idOf(admin.id);
    const { id: position } = await first.until((event) => event.id === one);
    first.leave();
    const two = await idOf(admin.id);
    const second = await follow(system.url, admin.token, { "last-event-id": position });
    await second.until((event) => event.id === two);
    expect(second.text()).not.toContain(one);
    second.leave();
  });

  // What wrangler does with the streams of a workerd that it ends is its own affair.
  const end = runtime === "workerd" ? "the process is gone within ten seconds" : "and every tail comes to its end";
  test(`a system that stops waits for no tail: ${end}, on ${runtimeNames[runtime]}`, async () => {
    const tails = await Promise.all([follow(system.url, admin.token), follow(system.url, admin.token)]);
    const ends = Promise.allSettled(tails.map((tail) => tail.end()));
    const began = performance.now();
    await system.stop();
    expect(performance.now() - began).toBeLessThan(10_000);
    for (const { status } of await ends) if (runtime !== "workerd") expect(status).toBe("fulfilled");
  });
});
