import { readFile } from "node:fs/promises";
import { type Envelope, userCreated } from "@trivet/contracts";
import { pgSchema } from "drizzle-orm/pg-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { outboxTable, publish, relay } from "../src/index.ts";
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

const announce = (userId: string = crypto.randomUUID()): Promise<void> =>
  kept.db.transaction((tx) => publish(tx, outbox, userCreated, userId, { userId }, invocation()));

const rows = () =>
  scratch.sql`select attempts, last_error, due_at > now() as waiting from shop.outbox order by position`;
const makeDue = () => scratch.sql`update shop.outbox set due_at = now()`;

const run = (deliver: (envelope: Envelope) => Promise<void>) => relay({ db: kept.db, outbox, deliver });

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
    const delivered: Envelope[] = [];
    expect(await run(async (envelope) => void delivered.push(envelope))).toEqual({ delivered: 1, failed: 0 });
    expect(delivered).toEqual([
      {
        id: expect.stringMatching(/^[\da-f-]{36}$/),
        event: "user.created",
        version: 1,
        service: "auth",
        subject: userId,
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        trace_id: scope.trace.traceId,
        span_id: scope.trace.spanId,
        data: { userId },
      },
    ]);
    expect(await rows()).toEqual([]);
  });

  test("refuses data outside the event's contract", async () => {
    const wrong = kept.db.transaction((tx) => publish(tx, outbox, userCreated, "x", { userId: "x" }, invocation()));
    await expect(wrong).rejects.toThrow();
    expect(await rows()).toEqual([]);
  });
});

describe("relay", () => {
  test("keeps an event that fails, with the reason, and tries again later", async () => {
    await announce();
    expect(
      await run(async () => {
        throw new Error("subscriber \u0000 is down");
      }),
    ).toEqual({ delivered: 0, failed: 1 });
    expect(await rows()).toEqual([{ attempts: 1, last_error: "subscriber  is down", waiting: true }]);
    expect(await run(() => expect.unreachable())).toEqual({ delivered: 0, failed: 0 });
    await makeDue();
    expect(await run(async () => {})).toEqual({ delivered: 1, failed: 0 });
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

  test("repeats what a crashed relay had claimed once its lease has ended, and not before", async () => {
    await announce();
    const claimed = Promise.withResolvers<void>();
    const crashed = Promise.withResolvers<void>();
    const dying = run(() => {
      claimed.resolve();
      return crashed.promise;
    });
    await claimed.promise;
    expect(await run(() => expect.unreachable())).toEqual({ delivered: 0, failed: 0 });
    await makeDue();
    expect(await run(async () => {})).toEqual({ delivered: 1, failed: 0 });
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
    expect(await zombie).toEqual({ delivered: 0, failed: 1 });
    expect(await rows()).toEqual([{ attempts: 2, last_error: null, waiting: true }]);
    both[1]?.resolve();
    await successor;
    expect(await rows()).toEqual([]);
  });

  test("many at once deliver each event once, and those of one subject in order, one at a time", async () => {
    const subjects = Array.from({ length: 12 }, () => crypto.randomUUID());
    for (let round = 0; round < 10; round += 1) await Promise.all(subjects.map((subject) => announce(subject)));
    const expected = await scratch.sql<{ id: string; subject: string }[]>`
      select id, subject from shop.outbox order by position`;
    const delivered = new Map<string, string[]>();
    const underWay = new Set<string>();
    const deliver = async ({ id, subject }: Envelope): Promise<void> => {
      expect(underWay.has(subject)).toBe(false);
      underWay.add(subject);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
      underWay.delete(subject);
      delivered.set(subject, [...(delivered.get(subject) ?? []), id]);
    };
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => run(deliver)));
    outcomes.push(await run(deliver));
    expect(outcomes.reduce((sum, outcome) => sum + outcome.delivered, 0)).toBe(120);
    expect(outcomes.every((outcome) => outcome.failed === 0)).toBe(true);
    for (const subject of subjects) {
      const ids = expected.filter((row) => row.subject === subject).map((row) => row.id);
      expect(delivered.get(subject)).toEqual(ids);
    }
    expect(await rows()).toEqual([]);
  });

  test("an event that keeps failing holds back its own subject only", async () => {
    const [bad, good] = [crypto.randomUUID(), crypto.randomUUID()];
    for (const subject of [bad, good, bad, good]) await announce(subject);
    const seen: string[] = [];
    const outcome = await run(async ({ subject }) => {
      seen.push(subject);
      if (subject === bad) throw new Error("poison");
    });
    expect(outcome).toEqual({ delivered: 2, failed: 1 });
    expect(seen.toSorted()).toEqual([bad, good, good].toSorted());
    expect(await rows()).toMatchObject([{ last_error: "poison" }, { last_error: null }]);
  });
});
