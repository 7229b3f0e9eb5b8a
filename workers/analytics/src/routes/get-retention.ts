import { access, json } from "@trivet/http";
import { route } from "../deps.ts";
import { readRetention } from "../explore/read-retention.ts";
import { retention, retentionQuery } from "../schemas.ts";

export const getRetention = route(
  {
    method: "get",
    path: "/analytics/retention",
    summary: "How many come back",
    description:
      "Cohorts of users by the interval in which they were first there within the range. Only users with an account: a visitor without one is known for a day.",
    access: access.role("admin"),
    request: { query: retentionQuery },
    responses: { 200: json(retention, "The cohorts, the earliest first") },
  },
  async (c) => c.json(await readRetention(c.var.deps, c.req.valid("query")), 200),
);
