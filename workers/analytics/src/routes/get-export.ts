import { access } from "@trivet/http";
import { z } from "zod";
import { route } from "../deps.ts";
import { exportEvents } from "../explore/export-events.ts";
import { exportQuery } from "../schemas.ts";

export const getExport = route(
  {
    method: "get",
    path: "/analytics/export",
    summary: "Download events as CSV",
    description:
      "Streamed, up to 31 days. `properties` is JSON. What a spreadsheet would take for a formula is led by an apostrophe.",
    access: access.role("admin"),
    request: { query: exportQuery },
    responses: { 200: { description: "A line for each event", content: { "text/csv": { schema: z.string() } } } },
  },
  async (c) =>
    c.body(await exportEvents(c.var.deps, c.req.valid("query")), 200, {
      "content-type": "text/csv; charset=utf-8",
      "content-disposition": 'attachment; filename="events.csv"',
      "cache-control": "no-store",
    }),
);
