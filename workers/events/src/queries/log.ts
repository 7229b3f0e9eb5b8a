import type { Envelope } from "@trivet/contracts";
import type { Transaction } from "@trivet/db";
import { sql } from "drizzle-orm";
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
