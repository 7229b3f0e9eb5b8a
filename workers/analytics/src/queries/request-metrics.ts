import { type RequestMinute, requestBounds } from "@trivet/contracts";
import type { Database, Transaction } from "@trivet/db";
import { lt, sql } from "drizzle-orm";
import { requestMetrics } from "../tables.ts";
import type { Range } from "../time/range.ts";

/** Two lines of one minute and route, in one report or in two, are added up. */
export async function addRequests(tx: Transaction, service: string, minutes: readonly RequestMinute[]): Promise<void> {
  await tx.execute(sql`
    insert into ${requestMetrics}
      (service, method, route, minute, requests, failures, total_ms, max_ms, buckets)
    select ${service}, method, route, minute, sum(requests), sum(failures), sum("totalMs"), max("maxMs"),
      array[${bucketSums(sql.raw("(buckets ->> "))}]
    from jsonb_to_recordset(${JSON.stringify(minutes)}::jsonb) as sent (
      method text, route text, minute timestamptz, requests bigint, failures bigint,
      "totalMs" double precision, "maxMs" double precision, buckets jsonb
    )
    group by method, route, minute order by minute, method, route
    on conflict (service, minute, method, route) do update set
      requests = request_metrics.requests + excluded.requests,
      failures = request_metrics.failures + excluded.failures,
      total_ms = request_metrics.total_ms + excluded.total_ms,
      max_ms = greatest(request_metrics.max_ms, excluded.max_ms),
      buckets = (select array_agg(a + b order by position)
        from unnest(request_metrics.buckets, excluded.buckets) with ordinality as both_of (a, b, position))
  `);
}

const bucketSums = (open: ReturnType<typeof sql.raw>) =>
  sql.join(
    [...requestBounds, "longer"].map((_, index) => sql`sum(${open}${sql.raw(String(index))})::bigint)`),
    sql`, `,
  );

export interface RouteRow {
  service: string;
  method: string;
  route: string;
  requests: number;
  failures: number;
  totalMs: number;
  maxMs: number;
  buckets: number[];
}

/** The routes with the most requests of a range. */
export async function selectRequests(
  db: Database,
  { from, to }: Range,
  service: string | undefined,
  limit: number,
): Promise<RouteRow[]> {
  const sums = [...requestBounds, "longer"].map((_, index) => sql`sum(buckets[${sql.raw(String(index + 1))}])`);
  const rows = await db.execute<Record<keyof Omit<RouteRow, "buckets">, string> & { buckets: string[] }>(sql`
    select service, method, route, sum(requests) as requests, sum(failures) as failures,
      sum(total_ms) as "totalMs", max(max_ms) as "maxMs", to_jsonb(array[${sql.join(sums, sql`, `)}]) as buckets
    from ${requestMetrics}
    where minute >= ${new Date(from).toISOString()}::timestamptz and minute < ${new Date(to).toISOString()}::timestamptz
      and (${service ?? null}::text is null or service = ${service ?? null}::text)
    group by service, method, route order by sum(requests) desc, service, route, method limit ${limit}::integer
  `);
  return rows.map(({ requests, failures, totalMs, maxMs, buckets, ...route }) => ({
    ...route,
    ...{ requests: Number(requests), failures: Number(failures), totalMs: Number(totalMs), maxMs: Number(maxMs) },
    buckets: buckets.map(Number),
  }));
}

export async function deleteRequests(db: Database, before: number): Promise<void> {
  await db.delete(requestMetrics).where(lt(requestMetrics.minute, new Date(before).toISOString()));
}
