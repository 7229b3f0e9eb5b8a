import { access, json } from "@trivet/http";
import { route } from "../deps.ts";
import { readRealtime } from "../explore/read-realtime.ts";
import { realtime } from "../schemas.ts";

export const getRealtime = route(
  {
    method: "get",
    path: "/analytics/realtime",
    summary: "Who is active now",
    access: access.role("admin"),
    responses: { 200: json(realtime, "The last half hour, to the last event") },
  },
  async (c) => c.json(await readRealtime(c.var.deps), 200),
);
