import { access, json } from "@trivet/http";
import { route } from "../deps.ts";
import { readPerformance } from "../performance/read-performance.ts";
import { performance, performanceQuery } from "../schemas.ts";

export const getPerformance = route(
  {
    method: "get",
    path: "/analytics/performance",
    summary: "How fast services have answered",
    description: "By route, from what services report each minute. The quantiles are read from buckets.",
    access: access.role("admin"),
    request: { query: performanceQuery },
    responses: { 200: json(performance, "The routes with the most requests") },
  },
  async (c) => c.json(await readPerformance(c.var.deps, c.req.valid("query")), 200),
);
