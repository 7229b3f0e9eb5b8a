import { newId } from "@trivet/platform";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { firstIdAt } from "../src/log/event-id.ts";
import { type EventsSystem, startEvents } from "./system/start-events.ts";

let events: EventsSystem;
beforeAll(async () => {
  events = await startEvents({ DEAD_LETTERS_RETENTION_DAYS: "10" });
});
afterAll(() => events.stop());
beforeEach(async () => {
  await events.sql`TRUNCATE events.dead_letters, events.replays`;
});

const day = 86_400_000;
const idAt = (time: number): string => firstIdAt(time).slice(0, 14) + newId().slice(14);

/** A letter that died, and was perhaps driven again, so many days ago. */
async function letter(died: number, redriven: number | null = null): Promise<string> {
  const [diedAt, redrivenAt] = [died, redriven].map((days) => days && new Date(Date.now() - days * day).toISOString());
  const id = idAt(Date.now() - died * day);
  await events.sql`
    INSERT INTO events.dead_letters (id, queue, message_id, body, attempts, sent_at, died_at, redriven_at)
    VALUES (${id}, 'inbox-users', ${id}, '{}', 21, ${diedAt ?? null}, ${diedAt ?? null}, ${redrivenAt ?? null})`;
  return id;
}

test("letters are removed when their days are over, counted from when they were driven again, or else died", async () => {
  const kept = [await letter(9), await letter(40, 9), await letter(9, 1)];
  for (const [died, redriven] of [
    [11, null],
    [40, 11],
    [400, null],
  ] as const) {
    await letter(died, redriven);
  }
  for (let repeat = 0; repeat < 2; repeat += 1) {
    await events.tick("7 * * * *");
    const rows = await events.sql<{ id: string }[]>`SELECT id FROM events.dead_letters`;
    expect(rows.map(({ id }) => id).toSorted()).toEqual(kept.toSorted());
  }
});

test("more letters than one statement takes are removed in one run", async () => {
  await events.sql`
    INSERT INTO events.dead_letters (id, queue, message_id, body, attempts, sent_at, died_at)
    SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'events', n, '{}', 1, now(), now() - interval '11 days'
    FROM generate_series(1, 2500) n`;
  await events.tick("7 * * * *");
  expect(await events.sql`SELECT FROM events.dead_letters`).toEqual([]);
});

test("replays that ended are removed likewise; one that runs is not", async () => {
  const replay = async (state: string, ended: number | null) => {
    const [id, endedAt] = [newId(), ended && new Date(Date.now() - ended * day).toISOString()];
    await events.sql`
      INSERT INTO events.replays (id, forced, position, last_position, state, created_by, due_at, ended_at)
      VALUES (${id}, false, 0, 0, ${state}, ${newId()}, now() + interval '1 day', ${endedAt})`;
    return id;
  };
  const kept = [await replay("running", null), await replay("finished", 9)];
  await replay("finished", 11);
  await replay("cancelled", 400);
  await events.tick("7 * * * *");
  const rows = await events.sql<{ id: string }[]>`SELECT id FROM events.replays`;
  expect(rows.map(({ id }) => id).toSorted()).toEqual(kept.toSorted());
});
