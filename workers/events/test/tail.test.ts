import { newId } from "@trivet/platform";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { created, type EventsSystem, startEvents } from "./system/start-events.ts";

let events: EventsSystem;
beforeAll(async () => {
  events = await startEvents();
});
afterAll(() => events.stop());
beforeEach(async () => {
  await events.sql`TRUNCATE events.log`;
});

interface Shown {
  id: number;
  data?: string;
}

/** An open tail: `until` reads on until there are so many events. */
async function tail(query = "", headers: Record<string, string> = {}) {
  const response = await events.open(`/events/tail${query}`, headers);
  const reader = response.body?.getReader();
  if (!reader) throw new Error("A tail has a body.");
  let text = "";
  const blocks = (): Shown[] =>
    text
      .split("\n\n")
      .slice(0, -1)
      .map((block) => Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s))))
      .map(({ id, data }) => ({ id: Number(id), data }));
  const more = async () => {
    text += new TextDecoder().decode((await reader.read()).value);
  };
  await more();
  return {
    status: response.status,
    headers: response.headers,
    blocks,
    more,
    async until(count: number): Promise<{ position: number; id: string }[]> {
      const shown = () => blocks().flatMap(({ id, data }) => (data ? [{ position: id, id: JSON.parse(data).id }] : []));
      while (shown().length < count) await more();
      return shown();
    },
    close: () => reader.cancel(),
  };
}

const positions = async () =>
  (await events.sql<{ position: string }[]>`SELECT position FROM events.log ORDER BY position`).map(({ position }) =>
    Number(position),
  );
const idsOf = (shown: readonly { id: string }[]) => shown.map(({ id }) => id);

describe("GET /events/tail", () => {
  test("brings what is written from now on, with its position, and nothing from before", async () => {
    await events.deliver([created()]);
    const [before] = await positions();
    const open = await tail();
    expect(open.headers.get("content-type")).toBe("text/event-stream");
    expect(open.headers.get("cache-control")).toBe("no-store");
    expect(open.blocks()).toEqual([{ id: before }]);
    const envelope = created();
    await events.deliver([envelope]);
    const [shown] = await open.until(1);
    const [, position] = await positions();
    expect(shown).toEqual({ position, id: envelope.id });
    expect(JSON.parse(open.blocks().at(-1)?.data ?? "")).toMatchObject({ ...envelope, position });
    await open.close();
  });

  test("goes on after Last-Event-ID: what came meanwhile, each once, in order, while others are writing", async () => {
    const all = Array.from({ length: 250 }, () => created());
    await events.deliver(all.slice(0, 100));
    const first = await tail("?after=0");
    const seen = await first.until(60);
    await first.close();
    const writing = Promise.all([100, 130, 160, 190, 220].map((at) => events.deliver(all.slice(at, at + 30))));
    const last = seen.at(-1)?.position ?? 0;
    const second = await tail("", { "last-event-id": String(last) });
    const rest = await second.until(250 - seen.length);
    await writing;
    await second.close();
    expect(idsOf([...seen, ...rest]).toSorted()).toEqual(idsOf(all).toSorted());
    expect([...seen, ...rest].map(({ position }) => position)).toEqual(await positions());
  });

  test("of one event, one subject or one service", async () => {
    const [one, other] = [created(), created()];
    const verified = created({ event: "user.email_verified", subject: one.subject });
    await events.deliver([one, other, verified]);
    for (const [query, expected] of [
      ["event=user.email_verified", [verified.id]],
      [`subject=${one.subject}`, [one.id, verified.id]],
      ["service=auth&event=user.created", [one.id, other.id]],
    ] as const) {
      const open = await tail(`?after=0&${query}`);
      expect(idsOf(await open.until(expected.length)).toSorted()).toEqual([...expected].toSorted());
      await open.close();
    }
  });

  test("Last-Event-ID goes before `after`: an EventSource keeps its address", async () => {
    await events.deliver([created(), created()]);
    const [, last = 0] = await positions();
    const open = await tail("?after=0", { "last-event-id": String(last) });
    expect(open.blocks()).toEqual([{ id: last }]);
    await open.close();
  });

  test("400: a position that is none; 422: one that there has not been; 410: one that the log no longer reaches", async () => {
    await events.deliver([created()]);
    const [first = 0] = await positions();
    const ask = async (headers: Record<string, string>, query = "") =>
      (await events.request("GET", `/events/tail${query}`, { headers })).status;
    for (const forged of ["-1", "1.5", "0x10", "ada", "1e3", "9".repeat(16), newId()]) {
      expect(await ask({ "last-event-id": forged }), forged).toBe(400);
      expect(await ask({}, `?after=${forged}`), forged).toBe(400);
    }
    expect(await ask({ "last-event-id": String(first + 1) })).toBe(422);
    expect(await ask({ "last-event-id": String(first - 2) })).toBe(410);
  });

  test("429: more than fifty at a time; one that is left makes room", async () => {
    const open = await Promise.all(Array.from({ length: 50 }, () => tail()));
    const refused = await events.request("GET", "/events/tail");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "5"]);
    await open[0]?.close();
    const again = await tail();
    expect(again.status).toBe(200);
    await Promise.all([...open.slice(1), again].map((one) => one.close()));
  });
});
