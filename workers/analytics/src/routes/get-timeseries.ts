import { access, json } from "@trivet/http";
import { route } from "../deps.ts";
import { timeseries, timeseriesQuery } from "../schemas.ts";
import { readTimeseries } from "../stats/read-timeseries.ts";

export const getTimeseries = route(
  {
    method: "get",
    path: "/analytics/timeseries",
    summary: "Count events and unique users by hour, day, week or month",
    description:
      "Intervals begin where they do in `timeZone`, weeks on Monday; a day on which clocks change has 23 or 25 hours.",
    access: access.role("admin"),
    request: { query: timeseriesQuery },
    responses: { 200: json(timeseries, "A point for each interval, also for those without events") },
  },
  async (c) => c.json(await readTimeseries(c.var.deps, c.req.valid("query")), 200),
);
