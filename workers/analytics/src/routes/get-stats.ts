import { access, json } from "@trivet/http";
import { route } from "../deps.ts";
import { stats, statsQuery } from "../schemas.ts";
import { readStats } from "../stats/read-stats.ts";

export const getStats = route(
  {
    method: "get",
    path: "/analytics/stats",
    summary: "Count events and unique users",
    description:
      "With the values that have the most events. Up to two years; at most 31 days where filters, sources or properties are asked about, as every event is read for these.",
    access: access.role("admin"),
    encryption: "optional",
    request: { query: statsQuery },
    responses: { 200: json(stats, "The figures of the range") },
  },
  async (c) => c.json(await readStats(c.var.deps, c.req.valid("query")), 200),
);
