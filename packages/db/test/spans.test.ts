import { childOf, newTrace, type Span, type TraceContext } from "@trivet/platform";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { batched, type Database, openDatabase, sendFor, transaction } from "../src/index.ts";
import { summaryOf } from "../src/statement-summary.ts";
import { type Scratch, scratchDatabase } from "./scratch.ts";

let scratch: Scratch;

beforeAll(async () => {
  scratch = await scratchDatabase();
  await scratch.sql`create schema things`;
  await scratch.sql`create table things.things (id int primary key)`;
});
afterAll(() => scratch.drop());

interface Opened {
  db: Database;
  trace: TraceContext;
  spans: Span[];
}

/** A process's database, and how its invocations open it. */
function kept() {
  const binding = {
    connectionString: scratch.url,
    keep<T>(open: () => T, close: (resource: T) => Promise<void>): T {
      const resource = open();
      onTestFinished(() => close(resource));
      return resource;
    },
  };
  return (trace: TraceContext = newTrace(), traced = true): Opened => {
    const spans: Span[] = [];
    const sink = traced ? { take: (span: Span) => void spans.push(span) } : undefined;
    return { db: openDatabase(binding, { service: "things", defer: () => {}, spans: sink, trace }), trace, spans };
  };
}

describe("a statement of an invocation that is traced", () => {
  test("has a span below the invocation's, which tells what was done where, and no value", async () => {
    const { db, trace, spans } = kept()();
    await db.execute(sql`select * from things.things where id = ${4711}`);
    const { hostname, port } = new URL(scratch.url);
    expect(spans).toEqual([
      {
        service: "things",
        name: "SELECT things.things",
        kind: "client",
        trace: { ...trace, spanId: expect.not.stringMatching(trace.spanId), parentId: trace.spanId },
        links: [],
        startedAt: expect.any(Number),
        endedAt: expect.any(Number),
        attributes: {
          "db.system.name": "postgresql",
          "db.namespace": `${scratch.name}|things`,
          "db.operation.name": "SELECT",
          "db.query.summary": "SELECT things.things",
          "server.address": hostname,
          ...(port !== "" && port !== "5432" && { "server.port": Number(port) }),
        },
        fault: undefined,
      },
    ]);
    expect(JSON.stringify(spans)).not.toContain("4711");
  });

  test("that fails says its SQLSTATE, and nothing that was sent", async () => {
    const { db, spans } = kept()();
    await db.execute(sql`select ${"secret"}::uuid`).catch(() => {});
    expect(spans).toMatchObject([
      { name: "SELECT", fault: "22P02", attributes: { "db.response.status_code": "22P02", "error.type": "22P02" } },
    ]);
    expect(JSON.stringify(spans)).not.toContain("secret");
  });

  test("stands between the BEGIN and the COMMIT of its transaction", async () => {
    const { db, spans } = kept()();
    await transaction(db, async (tx) => {
      await tx.execute(sql`insert into things.things values (1)`);
    });
    expect(spans.map(({ name }) => name)).toEqual(["BEGIN", "INSERT things.things", "COMMIT"]);
    const [begin, insert, commit] = spans;
    // Beginnings are whole milliseconds, and ends are counted from them.
    expect(insert?.startedAt).toBeGreaterThan((begin?.endedAt ?? Number.NaN) - 1);
    expect(commit?.startedAt).toBeGreaterThan((insert?.endedAt ?? Number.NaN) - 1);
    for (const { startedAt, endedAt } of spans) expect(endedAt).toBeGreaterThanOrEqual(startedAt);
  });

  test("stands before a ROLLBACK where the transaction is given up, which is no fault of the ROLLBACK's", async () => {
    const { db, spans } = kept()();
    const given = transaction(db, async (tx) => {
      await tx.execute(sql`insert into things.things values (2)`);
      throw new Error("never mind");
    });
    await expect(given).rejects.toThrow("never mind");
    expect(spans.map(({ name, fault }) => [name, fault])).toEqual([
      ["BEGIN", undefined],
      ["INSERT things.things", undefined],
      ["ROLLBACK", undefined],
    ]);
  });

  test("a COMMIT that is refused has failed", async () => {
    await scratch.sql`create table things.pairs (id int primary key, other int references things.pairs deferrable initially deferred)`;
    const { db, spans } = kept()();
    await transaction(db, (tx) => tx.execute(sql`insert into things.pairs values (1, 2)`)).catch(() => {});
    expect(spans.at(-1)).toMatchObject({ name: "COMMIT", fault: "23503" });
  });

  test("a connection that cannot be had is the fault of the BEGIN", async () => {
    const spans: Span[] = [];
    const closers: (() => Promise<void>)[] = [];
    const db = openDatabase(
      { connectionString: "postgres://u:s3cret@127.0.0.1:9/none" },
      {
        ...{ service: "things", trace: newTrace(), spans: { take: (span) => void spans.push(span) } },
        defer: (close) => void closers.push(close),
      },
    );
    await transaction(db, async () => {}).catch(() => {});
    await Promise.all(closers.map((close) => close()));
    expect(spans).toMatchObject([{ name: "BEGIN", fault: "ECONNREFUSED", attributes: { "server.port": 9 } }]);
    expect(JSON.stringify(spans)).not.toContain("s3cret");
  });
});

describe("who is not traced", () => {
  test("shares one database with all others, and it tells nobody", () => {
    const open = kept();
    const first = open(newTrace(), false);
    expect(open(newTrace(0)).db).toBe(first.db);
    expect(open(newTrace()).db).not.toBe(first.db);
    expect(open(newTrace(), false).db).toBe(first.db);
  });
});

describe("a read that callers share", () => {
  test("stays one statement whoever of them is traced, and is told to one who is", async () => {
    const open = kept();
    const [plain, first, second] = [open(newTrace(), false), open(), open()];
    let reads = 0;
    const doubled = batched(async (db, numbers: number[]) => {
      reads += 1;
      await db.execute(sql`select 1`);
      return numbers.map((number) => number * 2);
    });
    const answers = await Promise.all([doubled(plain.db, 1), doubled(first.db, 2), doubled(second.db, 3)]);
    expect([answers, reads]).toEqual([[2, 4, 6], 1]);
    expect([first.spans.length, second.spans.length]).toEqual([1, 0]);
  });
});

describe("sending events", () => {
  const envelope = (trace: TraceContext) => ({
    ...{ id: "1", event: "thing.made", version: 1, service: "things", subject: "1", timestamp: "", data: {} },
    trace_id: trace.traceId,
    span_id: trace.spanId,
  });
  const queueThat = (sendBatch: () => Promise<void>) => ({
    ...{ send: () => expect.unreachable(), metrics: () => expect.unreachable() },
    sendBatch,
  });

  test("has a span that links to the work that announced each, and says how many there are", async () => {
    const [trace, other] = [newTrace(), newTrace()];
    const spans: Span[] = [];
    const invocation = { service: "things", trace, spans: { take: (span: Span) => void spans.push(span) } };
    const queue = queueThat(async () => {});
    await sendFor(invocation, { queue, name: "events" }, [envelope(other), envelope(other), envelope(childOf(trace))]);
    expect(spans).toMatchObject([
      {
        name: "send events",
        kind: "producer",
        links: [{ traceId: other.traceId, spanId: other.spanId }, { traceId: trace.traceId }],
        attributes: { "messaging.destination.name": "events", "messaging.batch.message_count": 3 },
      },
    ]);
  });

  test("that fails says so, and fails", async () => {
    const spans: Span[] = [];
    const invocation = { service: "things", trace: newTrace(), spans: { take: (span: Span) => void spans.push(span) } };
    const queue = queueThat(() => Promise.reject(new TypeError("nobody home")));
    const sent = sendFor(invocation, { queue, name: "events" }, [envelope(newTrace())]);
    await expect(sent).rejects.toThrow("nobody home");
    expect(spans).toMatchObject([{ fault: "TypeError", attributes: { "error.type": "TypeError" } }]);
  });
});

describe("a statement in few words", () => {
  test.each([
    ['select "id", "from" from "users"."profiles" where "profiles"."id" = $1', "SELECT users.profiles"],
    [
      'insert into "auth"."users" ("id") values ($1) on conflict do update set id = $1 returning "id"',
      "INSERT auth.users",
    ],
    ["UPDATE auth.keys SET x = 'select * from secret.places' WHERE a.b = $1", "UPDATE auth.keys"],
    ["delete from only auth.mails where ctid in (select ctid from auth.mails)", "DELETE auth.mails SELECT auth.mails"],
    [
      "select a.id from auth.users a join auth.sessions s on true for no key update",
      "SELECT auth.users SELECT auth.sessions",
    ],
    [
      "with due as (select * from auth.outbox for update skip locked) update auth.outbox set x = 1 from due",
      "SELECT auth.outbox UPDATE auth.outbox",
    ],
    [
      "select extract(epoch from e.at) from events.log e where e.a is distinct from e.b -- from x.y",
      "SELECT events.log",
    ],
    ["select pg_advisory_xact_lock($1)", "SELECT"],
    ["create table if not exists x.y (id int)", "CREATE"],
    ["", "STATEMENT"],
  ])("%s", (text, summary) => {
    expect(summaryOf(text)).toBe(summary);
  });

  test("is never longer than a span's name should be", () => {
    const tables = Array.from({ length: 100 }, (_, index) => `join things.table_${index} on true`);
    const summary = summaryOf(`select 1 from things.first ${tables.join(" ")}`);
    expect(summary.length).toBeLessThanOrEqual(255);
    expect(summary).toMatch(/^SELECT things\.first SELECT things\.table_0 .*\d$/);
  });
});
