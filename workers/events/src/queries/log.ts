import type { Envelope } from "@trivet/contracts";
import type { Database, Transaction } from "@trivet/db";
import { and, asc, count, desc, eq, gt, gte, lt, lte, sql } from "drizzle-orm";
import { firstIdAt } from "../log/event-id.ts";
import type { EventFilter, LoggedEvent, TailFilter } from "../schemas.ts";
import { log } from "../tables.ts";

/** Of those who write to the log one does at a time, so that positions are in the order of the commits. */
const logLock = 7_340_011;

/** Writes events down and answers how many were new. */
export async function insertEvents(tx: Transaction, envelopes: readonly Envelope[]): Promise<number> {
  await tx.execute(sql`select pg_advisory_xact_lock(${logLock})`);
  const rows = await tx.execute(sql`
    insert into ${log} (id, event, version, service, subject, at, trace_id, span_id, data)
    select id, event, version, service, subject, timestamp, trace_id, span_id, data
    from jsonb_to_recordset(${JSON.stringify(envelopes)}::jsonb) as new (
      id uuid, event text, version integer, service text, subject text, timestamp timestamptz, trace_id text,
      span_id text, data jsonb)
    on conflict (id) do nothing returning id`);
  return rows.length;
}

const columns = {
  id: log.id,
  event: log.event,
  version: log.version,
  service: log.service,
  subject: log.subject,
  timestamp: log.at,
  trace_id: log.traceId,
  span_id: log.spanId,
  data: log.data,
  position: log.position,
  received_at: log.receivedAt,
};

/** By ids, which begin with the time and say which partitions are meant. */
const during = ({ from, to }: Pick<EventFilter, "from" | "to">) =>
  and(
    from === undefined ? undefined : gte(log.id, firstIdAt(Date.parse(from))),
    to === undefined ? undefined : lt(log.id, firstIdAt(Date.parse(to))),
  );

const about = ({ event, subject, service }: TailFilter) =>
  and(
    event === undefined ? undefined : eq(log.event, event),
    subject === undefined ? undefined : eq(log.subject, subject),
    service === undefined ? undefined : eq(log.service, service),
  );

/** The latest come first: ids are in the order of the times. */
export async function selectEvents(
  db: Database,
  { from, to, event, subject, service }: EventFilter,
  page: { before: string | undefined; limit: number },
): Promise<LoggedEvent[]> {
  return await db
    .select(columns)
    .from(log)
    .where(
      and(
        during({ from, to }),
        page.before === undefined ? undefined : lt(log.id, page.before),
        about({ event, subject, service }),
      ),
    )
    .orderBy(desc(log.id))
    .limit(page.limit);
}

export async function selectEvent(db: Database, id: string): Promise<LoggedEvent | undefined> {
  const [found] = await db.select(columns).from(log).where(eq(log.id, id));
  return found;
}

/** In the order of their positions. */
export async function selectBeyond(
  db: Database | Transaction,
  filter: EventFilter,
  range: { after: number; upTo: number; limit: number },
): Promise<LoggedEvent[]> {
  return await db
    .select(columns)
    .from(log)
    .where(and(gt(log.position, range.after), lte(log.position, range.upTo), during(filter), about(filter)))
    .orderBy(asc(log.position))
    .limit(range.limit);
}

/** The first of them, by its position. */
export async function selectFirst(
  db: Database,
  filter: EventFilter,
  range: { after: number; upTo: number },
): Promise<LoggedEvent | undefined> {
  const [found] = await selectBeyond(db, filter, { ...range, limit: 1 });
  return found;
}

/** The lowest or the highest position that there is; 0 of an empty log. */
export async function selectPosition(db: Database, which: "lowest" | "highest"): Promise<number> {
  const { position } = log;
  const order = which === "lowest" ? asc(position) : desc(position);
  const [found] = await db.select({ position }).from(log).orderBy(order).limit(1);
  return found?.position ?? 0;
}

/** The first and the last event of the log, by their times. */
export async function selectEnds(db: Database) {
  const place = { id: log.id, at: log.at };
  const [first] = await db.select(place).from(log).orderBy(log.id).limit(1);
  const [last] = await db.select(place).from(log).orderBy(desc(log.id)).limit(1);
  return { first: first ?? null, last: last ?? null };
}

/** How many events were made at a time or later, or `most` where there are more. */
export async function countSince(db: Database, time: number, most: number): Promise<number> {
  const recent = db
    .select({ id: log.id })
    .from(log)
    .where(gte(log.id, firstIdAt(time)))
    .limit(most)
    .as("recent");
  const [row] = await db.select({ events: count() }).from(recent);
  return row?.events ?? 0;
}
