import type { Deps } from "../deps.ts";
import { selectRequests } from "../queries/request-metrics.ts";
import type { Performance, PerformanceQuery } from "../schemas.ts";
import { rangeShown } from "../stats/range-shown.ts";
import { rangeOf } from "../time/range.ts";
import { quantile } from "./quantile.ts";

/** How fast services have answered, by route. */
export async function readPerformance({ db }: Deps, query: PerformanceQuery): Promise<Performance> {
  const range = rangeOf(query, Date.now());
  const rows = await selectRequests(db, range, query.service, query.limit);
  const { from, to } = rangeShown(range);
  const items = rows.map(({ totalMs, buckets, ...row }) => ({
    ...row,
    meanMs: rounded(row.requests === 0 ? 0 : totalMs / row.requests),
    maxMs: rounded(row.maxMs),
    p50Ms: rounded(quantile(buckets, row.maxMs, 0.5)),
    p95Ms: rounded(quantile(buckets, row.maxMs, 0.95)),
    p99Ms: rounded(quantile(buckets, row.maxMs, 0.99)),
  }));
  return { from, to, items };
}

const rounded = (milliseconds: number): number => Math.round(milliseconds * 100) / 100;
