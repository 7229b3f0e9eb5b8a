import type { Envelope } from "@trivet/contracts";
import { and, asc, eq, inArray, lt, lte, notExists, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type { Database } from "./open.ts";
import type { Outbox } from "./outbox.ts";

export interface RelayOptions {
  db: Database;
  outbox: Outbox;
  /** Hands one event over to all its subscribers and resolves when each has it. May see an event again. */
  deliver(envelope: Envelope): Promise<void>;
}

export interface RelayOutcome {
  delivered: number;
  failed: number;
}

type Row = Outbox["$inferSelect"];

const batchSize = 16;
/** How long a claimed row belongs to its relay. A relay that dies holds its rows back no longer than this. */
const leaseSeconds = 30;
/** A delivery is counted as failed before the lease ends, so that no other relay starts it meanwhile. */
const deliveryTimeout = 25_000;
/** After this no new rows are claimed; a longer backlog is for the next run. */
const runTime = 10_000;
const backoffBase = 0.5;
const backoffMax = 30;
const lastErrorLimit = 500;

/**
 * Delivers the events that are due, at least once each, and returns when none is left. Run it after
 * each commit that published, and now and then for what a crash or a failed delivery left behind.
 *
 * Any number of relays may run at once. A claim is one statement and nothing is locked while an
 * event is on its way. A row whose older sibling (same subject) is still there is not claimed, which
 * keeps the order per subject; an event that keeps failing holds back its own subject only.
 */
export async function relay({ db, outbox, deliver }: RelayOptions): Promise<RelayOutcome> {
  const outcome = { delivered: 0, failed: 0 };
  const stopAt = Date.now() + runTime;
  while (Date.now() < stopAt) {
    const rows = await claim(db, outbox);
    if (rows.length === 0) break;
    await Promise.all(
      rows.map(async (row) => {
        const failure = await attempt(row, deliver);
        if (failure === undefined) await settle(db, outbox, row);
        else await postpone(db, outbox, row, failure);
        outcome[failure === undefined ? "delivered" : "failed"] += 1;
      }),
    );
  }
  return outcome;
}

/** In a CTE, because Postgres may run a subquery with LIMIT more than once but never a CTE that locks. */
async function claim(db: Database, outbox: Outbox): Promise<Row[]> {
  const older = alias(outbox, "older");
  const olderSibling = db
    .select({ position: older.position })
    .from(older)
    .where(and(eq(older.subject, outbox.subject), lt(older.position, outbox.position)));
  const due = db.$with("due").as(
    db
      .select({ position: outbox.position })
      .from(outbox)
      .where(and(lte(outbox.dueAt, sql`now()`), notExists(olderSibling)))
      .orderBy(asc(outbox.dueAt))
      .limit(batchSize)
      .for("update", { skipLocked: true }),
  );
  return await db
    .with(due)
    .update(outbox)
    .set({ dueAt: inSeconds(leaseSeconds), attempts: sql`${outbox.attempts} + 1` })
    .where(inArray(outbox.position, db.select({ position: due.position }).from(due)))
    .returning();
}

/** Undefined when the event was delivered, else what went wrong. */
async function attempt(row: Row, deliver: RelayOptions["deliver"]): Promise<string | undefined> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer in ${deliveryTimeout} ms`)), deliveryTimeout);
  try {
    await Promise.race([deliver(envelopeOf(row)), late]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}

async function settle(db: Database, outbox: Outbox, row: Row): Promise<void> {
  await db.delete(outbox).where(eq(outbox.position, row.position));
}

/** Leaves the row alone if its lease ran out and another relay has claimed it since. */
async function postpone(db: Database, outbox: Outbox, row: Row, failure: string): Promise<void> {
  const delay = Math.min(backoffBase * 2 ** (row.attempts - 1), backoffMax) * (0.5 + Math.random() / 2);
  await db
    .update(outbox)
    .set({ dueAt: inSeconds(delay), lastError: storable(failure) })
    .where(and(eq(outbox.position, row.position), eq(outbox.attempts, row.attempts)));
}

/** By the database's clock: relays on several machines need not agree on the time. */
const inSeconds = (seconds: number) => sql`now() + make_interval(secs => ${seconds})`;

const storable = (message: string): string => message.slice(0, lastErrorLimit).toWellFormed().replaceAll("\u0000", "");

const envelopeOf = (row: Row): Envelope => ({
  id: row.id,
  event: row.event,
  version: row.version,
  service: row.service,
  subject: row.subject,
  timestamp: row.createdAt.toISOString(),
  trace_id: row.traceId,
  span_id: row.spanId,
  data: row.data,
});
