import { access, json } from "@trivet/http";
import { route } from "../deps.ts";
import { readMonitor } from "../monitor/read-monitor.ts";
import { monitor } from "../schemas.ts";

export const getMonitor = route(
  {
    method: "get",
    path: "/events/monitor",
    summary: "See the stream, who reads it, and how far behind they are",
    access: access.role("admin"),
    responses: { 200: json(monitor, "As of now") },
  },
  async (c) => c.json(await readMonitor(c.var.deps), 200),
);
