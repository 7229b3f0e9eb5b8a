import { arrayOf, type LastingDatabase } from "@trivet/db/lasting";
import { type Backlog, type Depth, depthLimit, type Outgoing } from "../driver.ts";

/** A lease that its holder does not renew for this long is over: seconds. */
export const leaseSeconds = 8;

/** A message as it is claimed. `due` orders, in Unix seconds. */
export interface ClaimedRow {
  id: string;
  attempts: number;
  due: number;
  sent: number;
  content_type: string;
  body: Uint8Array;
  cause: string | null;
}

/** A message to be stored. */
export interface NewMessage extends Outgoing {
  id: string;
  queue: string;
}

/** What one delivery is known by: its message, and which of its attempts it is. */
export interface Held {
  id: string;
  attempts: number;
}

// A claim that a crash of the server forgets is made again by somebody, so it need not wait for the disk.
const unsynced = "set_config('synchronous_commit', 'off', true)";
const alive = "EXISTS (SELECT FROM leases WHERE leases.id = $1 AND expires_at > now())";
const asClaimed = `id, attempts, extract(epoch FROM due_at)::float8 AS due,
  extract(epoch FROM sent_at)::float8 AS sent, content_type, body, cause`;

/** `wake`: queues to be announced with the commit. */
export async function insertMessages(
  db: LastingDatabase,
  messages: readonly NewMessage[],
  wake: readonly string[],
): Promise<void> {
  await db.query(
    `WITH announced AS (SELECT count(pg_notify('queues', name)) FROM unnest($6::text[]) AS name),
      stored AS (
        INSERT INTO messages (id, queue, due_at, sent_at, content_type, body)
        SELECT id, queue, now() + make_interval(secs => delay), now(), content_type, body
        FROM unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::bytea[])
          AS new (id, queue, delay, content_type, body))
    SELECT * FROM announced`,
    [
      arrayOf(messages.map(({ id }) => id)),
      arrayOf(messages.map(({ queue }) => queue)),
      arrayOf(messages.map(({ delaySeconds }) => delaySeconds)),
      arrayOf(messages.map(({ contentType }) => contentType)),
      byteaArrayOf(messages.map(({ body }) => body)),
      arrayOf(wake),
    ],
  );
}

export async function notifyQueues(db: LastingDatabase, queues: readonly string[]): Promise<void> {
  await db.query(`SELECT count(pg_notify('queues', name)), ${unsynced} FROM unnest($1::text[]) AS name`, [
    arrayOf(queues),
  ]);
}

export async function openLease(db: LastingDatabase, holder: string): Promise<string> {
  const [row] = await db.query<{ id: string }>(
    `INSERT INTO leases (holder, expires_at) VALUES ($1, now() + make_interval(secs => $2::int)) RETURNING id`,
    [holder, leaseSeconds],
  );
  if (!row) throw new Error("A lease was not made.");
  return row.id;
}

/** False when it was over: it stays over, since what it held may be somebody else's by now. */
export async function renewLease(db: LastingDatabase, lease: string): Promise<boolean> {
  const rows = await db.query(
    `UPDATE leases SET expires_at = now() + make_interval(secs => $2::int)
     WHERE id = $1 AND expires_at > now() RETURNING id, ${unsynced}`,
    [lease, leaseSeconds],
  );
  return rows.length > 0;
}

/** What it still held is free at once. */
export async function endLease(db: LastingDatabase, lease: string): Promise<void> {
  await db.query("DELETE FROM leases WHERE id = $1", [lease]);
  await db.query("UPDATE messages SET lease = 0 WHERE lease = $1", [lease]);
}

/** The rows come in no order. Of two claimers, the second passes over what the first is about to take. */
export async function claimMessages(
  db: LastingDatabase,
  lease: string,
  queue: string,
  count: number,
): Promise<ClaimedRow[]> {
  return await db.query<ClaimedRow>(
    `UPDATE messages SET lease = $1, attempts = attempts + 1
     WHERE ctid = ANY (ARRAY(
       SELECT m.ctid FROM messages m, (SELECT ${unsynced} OFFSET 0) AS unsynced
       WHERE m.lease = 0 AND m.queue = $2 AND m.due_at <= now() AND ${alive}
       ORDER BY m.due_at, m.id LIMIT $3 FOR UPDATE OF m SKIP LOCKED))
     RETURNING ${asClaimed}`,
    [lease, queue, count],
  );
}

/** The lanes in which so many batches of a queue may run. Those beyond, of another time, stay unused. */
export async function makeLanes(db: LastingDatabase, queue: string, most: number): Promise<void> {
  await db.query(
    `INSERT INTO lanes (queue, lane) SELECT $1::text, lane FROM generate_series(1, $2::int) AS lane
     ON CONFLICT DO NOTHING`,
    [queue, most],
  );
}

/** What is claimed for batches, and the lanes that these run in. */
export interface ClaimedBatches {
  rows: ClaimedRow[];
  lanes: number[];
}

/**
 * Takes as many free lanes as there are batches of `size` due, of `batches` at most, and the messages for them. A lane that
 * changed hands since the statement began is looked at anew when it is locked, in its own row alone: so what makes it free
 * has to be in that row, which is the lease that it was seen under.
 */
export async function claimBatches(
  db: LastingDatabase,
  lease: string,
  queue: string,
  { batches, size, most }: { batches: number; size: number; most: number },
): Promise<ClaimedBatches> {
  const rows = await db.query<ClaimedRow & { lanes: number[] }>(
    `WITH seen AS MATERIALIZED (
       SELECT lane, lease FROM lanes
       WHERE queue = $2 AND lane <= $3 AND NOT EXISTS (SELECT FROM leases WHERE leases.id = lanes.lease AND expires_at > now())),
     free AS MATERIALIZED (
       SELECT lanes.lane FROM lanes JOIN seen USING (lane, lease) WHERE lanes.queue = $2
       ORDER BY lanes.lane LIMIT $4 FOR UPDATE OF lanes SKIP LOCKED),
     claimed AS (
       UPDATE messages SET lease = $1, attempts = attempts + 1
       WHERE ctid = ANY (ARRAY(
         SELECT m.ctid FROM messages m, (SELECT ${unsynced} OFFSET 0) AS unsynced
         WHERE m.lease = 0 AND m.queue = $2 AND m.due_at <= now() AND ${alive}
         ORDER BY m.due_at, m.id LIMIT (SELECT count(*) FROM free) * $5::int FOR UPDATE OF m SKIP LOCKED))
       RETURNING ${asClaimed}),
     taken AS (
       UPDATE lanes SET lease = $1 WHERE queue = $2 AND lane IN (
         SELECT lane FROM free ORDER BY lane LIMIT (SELECT ceil(count(*) / $5::float8)::int FROM claimed))
       RETURNING lane)
     SELECT claimed.*, (SELECT json_agg(lane) FROM taken) AS lanes FROM claimed`,
    [lease, queue, most, batches, size],
  );
  return { rows, lanes: rows[0]?.lanes ?? [] };
}

export async function freeLanes(
  db: LastingDatabase,
  lease: string,
  queue: string,
  lanes: readonly number[],
): Promise<void> {
  await db.query(
    `UPDATE lanes SET lease = 0 WHERE queue = $2 AND lane = ANY ($3::int[]) AND lease = $1 RETURNING ${unsynced}`,
    [lease, queue, arrayOf(lanes)],
  );
}

/** Gives back what a lease holds of a queue beside these: a claim was committed whose answer never came. */
export async function freeForgotten(
  db: LastingDatabase,
  lease: string,
  queue: string,
  held: { messages: readonly string[]; lanes: readonly number[] },
): Promise<void> {
  await db.query(
    `WITH lanes AS (UPDATE lanes SET lease = 0 WHERE queue = $2 AND lease = $1 AND lane <> ALL ($4::int[]))
     UPDATE messages SET lease = 0, attempts = attempts - 1
     WHERE lease = $1 AND queue = $2 AND id <> ALL ($3::uuid[])`,
    [lease, queue, arrayOf(held.messages), arrayOf(held.lanes)],
  );
}

/** Returns the ids of those that were held; whoever is missing was not this lease's any more. */
export async function deleteMessages(db: LastingDatabase, lease: string, held: readonly Held[]): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `DELETE FROM messages m USING unnest($2::uuid[], $3::int[]) AS held (id, attempts)
     WHERE m.id = held.id AND m.attempts = held.attempts AND m.lease = $1 AND ${alive} RETURNING m.id`,
    [lease, ...columnsOf(held)],
  );
  return rows.map(({ id }) => id);
}

export async function postponeMessages(
  db: LastingDatabase,
  lease: string,
  held: readonly (Held & { delaySeconds: number })[],
): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `UPDATE messages m SET lease = 0, due_at = now() + make_interval(secs => held.delay)
     FROM unnest($2::uuid[], $3::int[], $4::int[]) AS held (id, attempts, delay)
     WHERE m.id = held.id AND m.attempts = held.attempts AND m.lease = $1 AND ${alive} RETURNING m.id`,
    [lease, ...columnsOf(held), arrayOf(held.map(({ delaySeconds }) => delaySeconds))],
  );
  return rows.map(({ id }) => id);
}

/** A message that is not tried again, where it goes, and why. */
export interface Buried extends Held {
  to: string;
  cause: string;
}

/** Into another queue, as the messages they were: same ids, same times of sending. */
export async function buryMessages(db: LastingDatabase, lease: string, buried: readonly Buried[]): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `UPDATE messages m SET lease = 0, attempts = 0, due_at = now(), origin = m.queue, queue = buried."to", cause = buried.cause
     FROM jsonb_to_recordset($2::text::jsonb) AS buried (id uuid, attempts int, "to" text, cause text)
     WHERE m.id = buried.id AND m.attempts = buried.attempts AND m.lease = $1 AND ${alive} RETURNING m.id`,
    [lease, JSON.stringify(buried.map(({ id, attempts, to, cause }) => ({ id, attempts, to, cause })))],
  );
  return rows.map(({ id }) => id);
}

/** As if they had never been claimed. */
export async function releaseMessages(db: LastingDatabase, lease: string, held: readonly Held[]): Promise<void> {
  await db.query(
    `UPDATE messages m SET lease = 0, attempts = m.attempts - 1
     FROM unnest($2::uuid[], $3::int[]) AS held (id, attempts)
     WHERE m.id = held.id AND m.attempts = held.attempts AND m.lease = $1`,
    [lease, ...columnsOf(held)],
  );
}

/**
 * Frees what leases held that are over, or gone. The leases that hold anything are few, and are found by jumping from
 * one to the next in the index.
 */
export async function freeExpired(db: LastingDatabase): Promise<string[]> {
  const rows = await db.query<{ queue: string }>(
    `WITH RECURSIVE held (lease) AS (
       (SELECT lease FROM messages WHERE lease > 0 ORDER BY lease LIMIT 1)
       UNION ALL
       SELECT (SELECT m.lease FROM messages m WHERE m.lease > held.lease ORDER BY m.lease LIMIT 1)
       FROM held WHERE held.lease IS NOT NULL),
     over (lease) AS MATERIALIZED (
       SELECT lease FROM held WHERE lease IS NOT NULL
         AND NOT EXISTS (SELECT FROM leases WHERE leases.id = held.lease AND expires_at > now())),
     forgotten AS (DELETE FROM leases WHERE expires_at < now() - interval '1 minute'),
     freed AS (UPDATE messages SET lease = 0 WHERE lease = ANY (ARRAY(SELECT lease FROM over)) RETURNING queue)
     SELECT DISTINCT queue FROM freed`,
  );
  return rows.map(({ queue }) => queue);
}

/** Of each queue that has any: milliseconds until its next message is due, if that is within `horizon`. */
export async function nextDue(
  db: LastingDatabase,
  queues: readonly string[],
  horizon: number,
): Promise<{ queue: string; wait: number }[]> {
  return await db.query(
    `SELECT queue, greatest(0, extract(epoch FROM due_at - now()) * 1000)::float8 AS wait
     FROM unnest($1::text[]) AS queue, LATERAL (
       SELECT due_at FROM messages m WHERE m.lease = 0 AND m.queue = queue.queue ORDER BY due_at LIMIT 1) AS next
     WHERE due_at < now() + make_interval(secs => $2::float8 / 1000)`,
    [arrayOf(queues), horizon],
  );
}

export async function countMessages(db: LastingDatabase, queue: string): Promise<Depth> {
  const counted = (lease: string): string =>
    `(SELECT count(*)::int FROM (SELECT FROM messages WHERE ${lease} AND queue = $1 LIMIT ${depthLimit}) AS counted)`;
  const [row] = await db.query<Depth>(`SELECT ${counted("lease = 0")} AS waiting, ${counted("lease > 0")} AS held`, [
    queue,
  ]);
  return row ?? { waiting: 0, held: 0 };
}

export async function measureBacklog(db: LastingDatabase, queue: string): Promise<Backlog> {
  const some = (lease: string): string =>
    `(SELECT sent_at, octet_length(body) AS bytes FROM messages WHERE ${lease} AND queue = $1 LIMIT ${depthLimit})`;
  const [row] = await db.query<{ messages: number; bytes: number; oldest: number | null }>(
    `SELECT count(*)::int AS messages, coalesce(sum(bytes), 0)::float8 AS bytes,
       extract(epoch FROM min(sent_at))::float8 AS oldest
     FROM (${some("lease = 0")} UNION ALL ${some("lease > 0")}) AS held`,
    [queue],
  );
  if (!row) throw new Error("A count was not answered.");
  return {
    messages: Math.min(row.messages, depthLimit),
    bytes: row.bytes,
    oldestSentAt: row.oldest === null ? undefined : row.oldest * 1_000,
  };
}

export interface LetterRow {
  id: string;
  sent: number;
  content_type: string;
  body: Uint8Array;
  origin: string | null;
  cause: string | null;
}

export async function selectMessages(db: LastingDatabase, queue: string, count: number): Promise<LetterRow[]> {
  return await db.query<LetterRow>(
    `SELECT id, extract(epoch FROM sent_at)::float8 AS sent, content_type, body, origin, cause
     FROM messages WHERE lease = 0 AND queue = $1 ORDER BY due_at, id LIMIT $2`,
    [queue, count],
  );
}

/** Only what came from somewhere, and nobody has in his hands, can be sent back. Returns the queues it went to. */
export async function redriveMessages(db: LastingDatabase, queue: string): Promise<string[]> {
  const rows = await db.query<{ queue: string }>(
    `UPDATE messages SET queue = origin, origin = NULL, cause = NULL, attempts = 0, due_at = now()
     WHERE lease = 0 AND queue = $1 AND origin IS NOT NULL RETURNING queue`,
    [queue],
  );
  return rows.map((row) => row.queue);
}

const columnsOf = (held: readonly Held[]): [string, string] => [
  arrayOf(held.map(({ id }) => id)),
  arrayOf(held.map(({ attempts }) => attempts)),
];

const byteaArrayOf = (bodies: readonly Uint8Array[]): string =>
  `{${bodies.map((body) => `"\\\\x${Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("hex")}"`).join(",")}}`;
