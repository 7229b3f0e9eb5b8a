import { newId } from "@trivet/platform";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { firstIdAt } from "../src/log/event-id.ts";
import { created, type EventsSystem, startEvents } from "./system/start-events.ts";

let events: EventsSystem;
beforeAll(async () => {
  events = await startEvents();
});
afterAll(() => events.stop());
afterEach(async () => {
  events.inbox.down = false;
  events.inbox.sent.length = 0;
  await events.sql`TRUNCATE events.log, events.dead_letters`;
});

const day = 86_400_000;
const ack = { kind: "ack" };

/** A UUIDv7 of some other time. */
const idAt = (time: number): string => firstIdAt(time).slice(0, 14) + newId().slice(14);

describe("an event from the queue of events", () => {
  test("is written to the log, then sent to every inbox of those who listen, then acknowledged", async () => {
    const envelope = created();
    expect(await events.deliver([envelope])).toEqual([ack]);
    expect(events.inbox.sent).toEqual([envelope]);
    const { data, id, subject, timestamp, trace_id, span_id } = envelope;
    const [row] = await events.sql`SELECT * FROM events.log`;
    expect(row).toMatchObject({ id, subject, data, trace_id, span_id, at: new Date(timestamp), event: "user.created" });
  });

  test("that nobody listens to is written down and sent to nobody", async () => {
    const userId = newId();
    const verified = created({ event: "user.email_verified", data: { userId } });
    expect(await events.deliver([verified])).toEqual([ack]);
    expect(await events.logged()).toEqual([verified.id]);
    expect(events.inbox.sent).toEqual([]);
  });

  test("that comes again is in the log once, and is sent again: the crash may have been before the sending", async () => {
    const envelope = created();
    await events.deliver([envelope]);
    await events.deliver([envelope, envelope]);
    expect(await events.logged()).toEqual([envelope.id]);
    expect(events.inbox.sent).toEqual([envelope, envelope, envelope]);
  });

  test("comes again, each time later, while an inbox cannot be written to, and is then sent", async () => {
    const envelope = created();
    events.inbox.down = true;
    for (const [attempts, delaySeconds] of [
      [1, 1],
      [5, 16],
      [60, 600],
    ]) {
      expect(await events.deliver([envelope], { attempts: Number(attempts) })).toMatchObject([
        { kind: "retry", delaySeconds, cause: new Error("Queue sendBatch failed") },
      ]);
    }
    events.inbox.down = false;
    expect(await events.deliver([envelope], { attempts: 61 })).toEqual([ack]);
    expect(await events.logged()).toEqual([envelope.id]);
    expect(events.inbox.sent).toEqual([envelope]);
  });

  test("comes again while the log cannot be written, and nobody is told of it before it is written", async () => {
    const envelope = created();
    await events.sql`ALTER TABLE events.log RENAME TO gone`;
    const verdicts = await events.deliver([envelope]);
    await events.sql`ALTER TABLE events.gone RENAME TO log`;
    expect(verdicts).toMatchObject([{ kind: "retry", delaySeconds: 1 }]);
    expect(events.inbox.sent).toEqual([]);
    expect(await events.deliver([envelope], { attempts: 2 })).toEqual([ack]);
    expect(events.inbox.sent).toEqual([envelope]);
  });

  test("many batches at once: each event is in the log once, and positions are in the order of the commits", async () => {
    const all = Array.from({ length: 200 }, () => created());
    const batches = Array.from({ length: 20 }, (_, at) => all.slice(at * 10, at * 10 + 15));
    await Promise.all(batches.map((batch) => events.deliver(batch)));
    expect((await events.logged()).toSorted()).toEqual(all.map(({ id }) => id).toSorted());
    const rows = await events.sql`SELECT xmin::text::bigint AS tx FROM events.log ORDER BY position`;
    const changes = rows.filter(({ tx }, index) => tx !== rows[index - 1]?.tx).length;
    expect(changes).toBe(new Set(rows.map(({ tx }) => tx)).size);
  });

  test("loses what its contract does not name: the log outlives the account", async () => {
    const envelope = created();
    const talkative = { ...envelope, mood: "good", data: { ...envelope.data, email: "ada@example.com" } };
    expect(await events.deliver([talkative])).toEqual([ack]);
    expect(events.inbox.sent).toEqual([envelope]);
    expect(await events.sql`SELECT data FROM events.log`).toEqual([{ data: envelope.data }]);
  });
});

describe("what is no event", () => {
  const broken: [name: string, body: unknown, cause: RegExp][] = [
    ["an unknown event", created({ event: "user.levitated" }), /There is no event user\.levitated/],
    ["a name of every object", created({ event: "constructor" }), /There is no event constructor/],
    ["another version", created({ version: 2 }), /has the version 1, not 2/],
    ["another publisher", created({ service: "users" }), /announced by auth, not by users/],
    ["data of another shape", created({ data: { userId: "ada" } }), /not that of user\.created: userId/],
    ["an envelope that is none", { event: "user.created" }, /It is no envelope: id/],
    ["no object", "user.created", /It is no envelope/],
    ["NUL in its subject", created({ subject: "\u0000" }), /It is no envelope: subject/],
    ["an id that tells no time", created({ id: crypto.randomUUID() }), /no UUIDv7/],
    ["an id from before what the log keeps", created({ id: idAt(Date.now() - 32 * day) }), /older than what/],
    ["an id of the future", created({ id: idAt(Date.now() + day) }), /has not come yet/],
    ["a time that no database holds", created({ timestamp: "0000-01-01T00:00:00Z" }), /./],
  ];

  test.each(broken)("%s: kept once, with its cause, and keeps back no other", async (_, body, cause) => {
    const [good, messageId] = [created(), newId()];
    for (let repeat = 0; repeat < 2; repeat += 1) {
      expect(await events.deliver([body, good], { messageIds: [messageId, newId()], attempts: 3 })).toEqual([ack, ack]);
    }
    const letters = await events.letters();
    expect(letters).toMatchObject([{ queue: "events", attempts: 3, cause: expect.stringMatching(cause) }]);
    expect(JSON.parse(letters[0]?.body ?? "")).toEqual(body);
    expect(await events.logged()).toEqual([good.id]);
  });

  test("has a cause that repeats no value: its words are logged, and anything may have been sent", async () => {
    const secrets = [
      created({ data: { userId: "canary-1" } }),
      created({ trace_id: "canary-2", timestamp: "canary-3" }),
      "canary-4",
    ];
    await events.deliver(secrets);
    const causes = (await events.letters()).map(({ cause }) => cause).join();
    expect(causes).toContain("userId");
    expect(causes).not.toContain("canary");
  });

  test("comes again while it cannot be kept", async () => {
    await events.sql`ALTER TABLE events.dead_letters RENAME TO gone`;
    const verdicts = await events.deliver(["nothing"]);
    await events.sql`ALTER TABLE events.gone RENAME TO dead_letters`;
    expect(verdicts).toMatchObject([{ kind: "retry", delaySeconds: 1 }]);
  });
});

describe("what a subscriber gave up", () => {
  test("is kept once, with its subscriber's queue, its cause and its attempts", async () => {
    const envelope = created();
    const given = { queue: "inbox-users-dead", cause: "Error: auth is down", messageIds: ["m-1"] };
    expect(await events.deliver([envelope], given)).toEqual([ack]);
    expect(await events.deliver([envelope], given)).toEqual([ack]);
    expect(await events.letters()).toEqual([
      {
        queue: "inbox-users",
        event: "user.created",
        cause: "Error: auth is down",
        attempts: 21,
        body: JSON.stringify(envelope),
      },
    ]);
  });
});

describe("the days of the log", () => {
  const partitions = async () =>
    (
      await events.sql<{ name: string }[]>`
      SELECT relname AS name FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
      WHERE inhparent = 'events.log'::regclass ORDER BY 1`
    ).map(({ name }) => name);
  const nameAt = (time: number) => `log_${new Date(time).toISOString().slice(0, 10).replaceAll("-", "")}`;

  test("an event of a day that has no partition yet gets one, several at once included", async () => {
    const old = Array.from({ length: 8 }, () => created({ id: idAt(Date.now() - 20 * day) }));
    const verdicts = await Promise.all(old.map((one) => events.deliver([one])));
    expect(verdicts.flat()).toEqual(old.map(() => ack));
    expect(await partitions()).toContain(nameAt(Date.now() - 20 * day));
    expect((await events.logged()).toSorted()).toEqual(old.map(({ id }) => id).toSorted());
  });

  test("partitions are made ahead, and dropped with what is in them when their time is over", async () => {
    const kept = created({ id: idAt(Date.now() - 30 * day) });
    await events.deliver([kept]);
    await events.sql.unsafe(`CREATE TABLE events.log_20200101 PARTITION OF events.log
      FOR VALUES FROM ('${firstIdAt(Date.parse("2020-01-01"))}') TO ('${firstIdAt(Date.parse("2020-01-02"))}')`);
    await events.tick("7 * * * *");
    await events.tick("7 * * * *");
    const names = await partitions();
    expect(names).not.toContain("log_20200101");
    for (const ahead of [0, 1, 2, 3]) expect(names).toContain(nameAt(Date.now() + ahead * day));
    expect(await events.logged()).toEqual([kept.id]);
  });

  test("a UUIDv7 made at the first and at the last millisecond of a day is of that day", async () => {
    const noon = Date.now() - 10 * day;
    const midnight = noon - (noon % day);
    const both = [created({ id: idAt(midnight) }), created({ id: idAt(midnight + day - 1) })];
    await events.deliver(both);
    const rows = await events.sql`SELECT DISTINCT tableoid::regclass::text AS name FROM events.log`;
    expect(rows.map(({ name }) => name)).toEqual([`events.${nameAt(noon)}`]);
  });
});
