import type { Envelope } from "@trivet/contracts";
import { and, eq, inArray, sql } from "drizzle-orm";
import type { Database } from "./open.ts";
import type { Outbox } from "./outbox.ts";
import { within } from "./within.ts";

export interface RelayOptions {
  db: Database;
  outbox: Outbox;
  /** Resolves when all of these, at most a hundred, are stored where no crash loses them. May see an event again. */
  send(envelopes: readonly Envelope[]): Promise<void>;
}

export interface RelayOutcome {
  sent: number;
  /** Events that are due and still there: they could not be sent, or wait behind one that another relay holds. */
  left: number;
}

/** What a queue takes at once. */
const batchSize = 100;
/** How long a claimed row belongs to its relay. A relay that dies holds its rows back no longer than this. */
const leaseSeconds = 30;
/** Sending is given up before the lease ends, so that no other relay starts it meanwhile. */
const sendTimeout = 25_000;
/** After this no new rows are claimed; a longer backlog is for the next run. */
const runTime = 10_000;
const backoffBase = 0.5;
const backoffMax = 30;
const lastErrorLimit = 500;

/**
 * Sends the events that are due, at least once each: one claim, one sending and one deletion for a hundred of them. Run
 * it after each commit that published, and now and then for what a crash or an outage left behind.
 *
 * Any number of relays may run at once. A claim is one statement and nothing is locked while events are on their way. Of
 * one subject they are sent in their order: a row whose older sibling is in other hands, or postponed, is left alone.
 */
export async function relay({ db, outbox, send }: RelayOptions): Promise<RelayOutcome> {
  const outcome = { sent: 0, left: 0 };
  const stopAt = Date.now() + runTime;
  for (let full = true; full && Date.now() < stopAt; ) {
    const { rows, held } = await claim(db, outbox);
    outcome.left = held;
    if (rows.length === 0) break;
    const failure = await attempt(rows.map(envelopeOf), send);
    if (failure !== undefined) {
      outcome.left += rows.length;
      await postpone(db, outbox, rows, failure);
      break;
    }
    outcome.sent += rows.length;
    await settle(db, outbox, rows);
    // What is committed from now on is for whoever commits it.
    full = rows.length + held === batchSize;
  }
  return outcome;
}

interface Claimed {
  position: string;
  id: string;
  event: string;
  version: number;
  service: string;
  subject: string;
  trace_id: string;
  span_id: string;
  data: Envelope["data"];
  timestamp: string;
  attempts: number;
}

/**
 * The oldest rows that are due, but for those that an older sibling (same subject) keeps back; `held` counts these. A
 * sibling that is not among the due rows is in another relay's hands or postponed. In CTEs, because Postgres may run a
 * subquery with LIMIT more than once but never a CTE that locks.
 */
async function claim(db: Database, outbox: Outbox): Promise<{ rows: Claimed[]; held: number }> {
  const found = await db.execute<Partial<Claimed> & { held: number }>(sql`
    with due as (
      select position, subject from ${outbox} where due_at <= now()
      order by position limit ${batchSize} for update skip locked),
    free as (
      select position from due where not exists (
        select from ${outbox} older
        where older.subject = due.subject and older.position < due.position
          and older.position not in (select position from due))),
    claimed as (
      update ${outbox} set due_at = ${inSeconds(leaseSeconds)}, attempts = attempts + 1
      where position in (select position from free)
      returning position, id, event, version, service, subject, trace_id, span_id, data, attempts,
        to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as timestamp)
    select claimed.*, ((select count(*) from due) - (select count(*) from free))::int as held
    from (values (1)) as one left join claimed on true order by claimed.position`);
  return { rows: found.filter(isClaimed), held: found[0]?.held ?? 0 };
}

/** The only row of a claim that got none has no position. */
const isClaimed = <Row extends Partial<Claimed>>(row: Row): row is Row & Claimed =>
  row.position !== undefined && row.position !== null;

/** Undefined when the events were sent, else what went wrong. */
async function attempt(envelopes: readonly Envelope[], send: RelayOptions["send"]): Promise<string | undefined> {
  try {
    await within(sendTimeout, send(envelopes), () => new Error(`not stored within ${sendTimeout} ms`));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function settle(db: Database, outbox: Outbox, rows: readonly Claimed[]): Promise<void> {
  await db.delete(outbox).where(inArray(outbox.position, rows.map(placeOf)));
}

/** Leaves rows alone whose lease ran out and which another relay has claimed since. */
async function postpone(db: Database, outbox: Outbox, rows: readonly Claimed[], failure: string): Promise<void> {
  const most = Math.max(...rows.map(({ attempts }) => attempts));
  const delay = Math.min(backoffBase * 2 ** (most - 1), backoffMax) * (0.5 + Math.random() / 2);
  const ours = JSON.stringify(rows.map(({ position, attempts }) => ({ position, attempts })));
  const held = sql`jsonb_to_recordset(${ours}::jsonb) as held (position bigint, attempts integer)`;
  await db
    .update(outbox)
    .set({ dueAt: inSeconds(delay), lastError: storable(failure) })
    .from(held)
    .where(and(eq(outbox.position, sql`held.position`), eq(outbox.attempts, sql`held.attempts`)));
}

/** By the database's clock: relays on several machines need not agree on the time. */
const inSeconds = (seconds: number) => sql`now() + make_interval(secs => ${seconds})`;

const storable = (message: string): string => message.slice(0, lastErrorLimit).toWellFormed().replaceAll("\u0000", "");

const placeOf = ({ position }: Claimed): number => Number(position);

const envelopeOf = (row: Claimed): Envelope => ({
  id: row.id,
  event: row.event,
  version: row.version,
  service: row.service,
  subject: row.subject,
  timestamp: row.timestamp,
  trace_id: row.trace_id,
  span_id: row.span_id,
  data: row.data,
});
