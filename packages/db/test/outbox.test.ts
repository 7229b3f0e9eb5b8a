import { readFile } from "node:fs/promises";
import { type Envelope, userCreated } from "@trivet/contracts";
import type { QueueBinding } from "@trivet/platform";
import { pgSchema } from "drizzle-orm/pg-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { outboxBacklog, outboxTable, publish, relay, sendEnvelopes } from "../src/index.ts";
import { invocation, type Kept, keptDatabase, type Scratch, scratchDatabase } from "./scratch.ts";

const outbox = outboxTable(pgSchema("shop"));

let scratch: Scratch;
let kept: Kept;

beforeAll(async () => {
  scratch = await scratchDatabase();
  const table = await readFile(new URL("../sql/outbox.sql", import.meta.url), "utf8");
  await scratch.sql.unsafe(`create schema shop; set search_path = shop; ${table}`);
  kept = keptDatabase(scratch.url);
});

afterAll(async () => {
  await kept.close();
  await scratch.drop();
});

beforeEach(async () => {
  await scratch.sql`truncate shop.outbox`;
});

const announce = (userId: string = crypto.randomUUID()): Promise<string> =>
  kept.db.transaction((tx) => publish(tx, outbox, userCreated, userId, { userId }, invocation()));

const rows = () =>
  scratch.sql`select attempts, last_error, due_at > now() as waiting from shop.outbox order by position`;
const makeDue = () => scratch.sql`update shop.outbox set due_at = now()`;

const run = (send: (envelopes: readonly Envelope[]) => Promise<void>) => relay({ db: kept.db, outbox, send });

describe("publish", () => {
  test("announces what is committed and nothing else", async () => {
    const userId = crypto.randomUUID();
    const scope = invocation();
    await kept.db.transaction((tx) => publish(tx, outbox, userCreated, userId, { userId }, scope));
    const undone = kept.db.transaction(async (tx) => {
      await publish(tx, outbox, userCreated, userId, { userId }, scope);
      throw new RangeError("no");
    });
    await expect(undone).rejects.toThrow(RangeError);
    const sent: Envelope[] = [];
    expect(await run(async (envelopes) => void sent.push(...envelopes))).toEqual({ sent: 1, left: 0 });
    expect(sent).toEqual([
      {
        id: expect.stringMatching(/^[\da-f-]{36}$/),
        event: "user.created",
        version: 1,
        service: "auth",
        subject: userId,
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        trace_id: scope.trace.traceId,
        span_id: scope.trace.spanId,
        data: { userId },
      },
    ]);
    expect(await rows()).toEqual([]);
  });

  test("refuses data outside the event's contract, and data that no queue would take", async () => {
    const wrong = kept.db.transaction((tx) => publish(tx, outbox, userCreated, "x", { userId: "x" }, invocation()));
    await expect(wrong).rejects.toThrow();
    const words = { ...userCreated, data: z.object({ words: z.string() }) };
    const long = kept.db.transaction((tx) =>
      publish(tx, outbox, words, "x", { words: "x".repeat(32_000) }, invocation()),
    );
    await expect(long).rejects.toThrow("32000");
    expect(await rows()).toEqual([]);
  });
});

describe("relay", () => {
  test("keeps events that cannot be sent, with the reason, and tries again later", async () => {
    await announce();
    const down = () => Promise.reject(new Error("the queue \u0000 is down"));
    expect(await run(down)).toEqual({ sent: 0, left: 1 });
    expect(await rows()).toEqual([{ attempts: 1, last_error: "the queue  is down", waiting: true }]);
    expect(await run(() => expect.unreachable())).toEqual({ sent: 0, left: 0 });
    await makeDue();
    expect(await run(async () => {})).toEqual({ sent: 1, left: 0 });
    expect(await rows()).toEqual([]);
  });

  test("waits longer after each failure, up to half a minute", async () => {
    await announce();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 9; attempt += 1) {
      await makeDue();
      await run(() => Promise.reject(new Error("down")));
      const [row] = await scratch.sql<{ seconds: number }[]>`
        select extract(epoch from due_at - now())::float as seconds from shop.outbox`;
      waits.push(row?.seconds ?? 0);
    }
    for (const [attempt, seconds] of waits.entries()) {
      const full = Math.min(0.5 * 2 ** attempt, 30);
      expect(seconds).toBeLessThanOrEqual(full);
      expect(seconds).toBeGreaterThan(full / 2 - 0.5);
    }
  });

  test("sends what has gathered a hundred at a time, in the order of announcing", async () => {
    for (let count = 0; count < 201; count += 1) await announce();
    const expected = await scratch.sql<{ id: string }[]>`select id from shop.outbox order by position`;
    const batches: string[][] = [];
    expect(await run(async (envelopes) => void batches.push(envelopes.map(({ id }) => id)))).toEqual({
      sent: 201,
      left: 0,
    });
    expect(batches.map(({ length }) => length)).toEqual([100, 100, 1]);
    expect(batches.flat()).toEqual(expected.map(({ id }) => id));
  });

  test("repeats what a crashed relay had claimed once its lease has ended, and not before", async () => {
    await announce();
    const claimed = Promise.withResolvers<void>();
    const crashed = Promise.withResolvers<void>();
    const dying = run(() => {
      claimed.resolve();
      return crashed.promise;
    });
    await claimed.promise;
    expect(await run(() => expect.unreachable())).toEqual({ sent: 0, left: 0 });
    await makeDue();
    expect(await run(async () => {})).toEqual({ sent: 1, left: 0 });
    crashed.reject(new Error("too late"));
    await dying;
    expect(await rows()).toEqual([]);
  });

  test("a relay past its lease does not touch the row another one has claimed", async () => {
    await announce();
    const both = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const claims = both.map(() => Promise.withResolvers<void>());
    const start = (index: number) =>
      run(() => {
        claims[index]?.resolve();
        return both[index]?.promise ?? Promise.resolve();
      });
    const zombie = start(0);
    await claims[0]?.promise;
    await makeDue();
    const successor = start(1);
    await claims[1]?.promise;
    both[0]?.reject(new Error("zombie"));
    expect(await zombie).toEqual({ sent: 0, left: 1 });
    expect(await rows()).toEqual([{ attempts: 2, last_error: null, waiting: true }]);
    both[1]?.resolve();
    await successor;
    expect(await rows()).toEqual([]);
  });

  test("what stands behind a sibling in another relay's hands is left, and said to be", async () => {
    const [shared, other] = [crypto.randomUUID(), crypto.randomUUID()];
    await announce(shared);
    const claimed = Promise.withResolvers<void>();
    const sent = Promise.withResolvers<void>();
    const first = run(() => {
      claimed.resolve();
      return sent.promise;
    });
    await claimed.promise;
    for (const subject of [shared, other, shared]) await announce(subject);
    const seen: string[] = [];
    const note = async (envelopes: readonly Envelope[]) => void seen.push(...envelopes.map(({ subject }) => subject));
    expect(await run(note)).toEqual({ sent: 1, left: 2 });
    expect(seen).toEqual([other]);
    sent.resolve();
    await first;
    expect(await run(note)).toEqual({ sent: 2, left: 0 });
    expect(seen).toEqual([other, shared, shared]);
  });

  test("many at once send each event once, and those of one subject in order", async () => {
    const subjects = Array.from({ length: 12 }, () => crypto.randomUUID());
    for (let round = 0; round < 30; round += 1) await Promise.all(subjects.map((subject) => announce(subject)));
    const expected = await scratch.sql<{ id: string; subject: string }[]>`
      select id, subject from shop.outbox order by position`;
    const sent: Envelope[] = [];
    const underWay = new Set<string>();
    const send = async (envelopes: readonly Envelope[]): Promise<void> => {
      const mine = new Set(envelopes.map(({ subject }) => subject));
      for (const subject of mine) expect(underWay.has(subject)).toBe(false);
      for (const subject of mine) underWay.add(subject);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
      for (const subject of mine) underWay.delete(subject);
      sent.push(...envelopes);
    };
    for (let left = 360; left > 0; left = (await rows()).length) {
      await Promise.all(Array.from({ length: 6 }, () => run(send)));
    }
    expect(sent.length).toBe(360);
    for (const subject of subjects) {
      const ids = (those: readonly { id: string; subject: string }[]) =>
        those.filter((one) => one.subject === subject).map(({ id }) => id);
      expect(ids(sent)).toEqual(ids(expected));
    }
  });
});

describe("sendEnvelopes", () => {
  const of = (size: number): Envelope => ({
    ...{ id: "1", event: "user.created", version: 1, service: "auth", subject: "1" },
    ...{ timestamp: "", trace_id: "", span_id: "", data: { filler: "ä".repeat(size) } },
  });

  test("sends within what Cloudflare takes at once, in order", async () => {
    const batches: number[][] = [];
    const queue: QueueBinding = {
      send: () => expect.unreachable(),
      metrics: () => expect.unreachable(),
      async sendBatch(messages) {
        const bodies = [...messages].map(({ body }) => JSON.stringify(body));
        expect(bodies.length).toBeLessThanOrEqual(100);
        expect(new TextEncoder().encode(bodies.join("")).byteLength).toBeLessThanOrEqual(256_000);
        batches.push(bodies.map((body) => body.length));
      },
    };
    const sizes = [...Array.from({ length: 150 }, () => 10), ...Array.from({ length: 10 }, () => 32_000)];
    const envelopes = sizes.map(of);
    await sendEnvelopes(queue, envelopes);
    expect(batches.flat()).toEqual(envelopes.map((envelope) => JSON.stringify(envelope).length));
    expect(batches.length).toBe(5);
    await sendEnvelopes(queue, []);
    expect(batches.length).toBe(5);
  });
});

describe("outboxBacklog", () => {
  test("is nothing while nothing waits", async () => {
    expect(await outboxBacklog(kept.db, outbox)).toEqual({ waiting: 0, lagSeconds: 0 });
  });

  test("counts what waits, claimed or postponed, and tells the age of the oldest", async () => {
    for (let count = 0; count < 3; count += 1) await announce();
    await scratch.sql`
      update shop.outbox set created_at = now() - interval '90 s', due_at = now() + interval '1 h'
      where position = (select min(position) from shop.outbox)`;
    const { waiting, lagSeconds } = await outboxBacklog(kept.db, outbox);
    expect(waiting).toBe(3);
    expect(lagSeconds).toBeGreaterThanOrEqual(90);
    expect(lagSeconds).toBeLessThan(120);
  });

  test("does not wait for a table that somebody holds", async () => {
    await scratch.sql.begin(async (tx) => {
      await tx`lock table shop.outbox in access exclusive mode`;
      await expect(outboxBacklog(kept.db, outbox)).rejects.toMatchObject({ code: "deadline_exceeded" });
    });
  });
});
