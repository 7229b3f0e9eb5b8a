import { access, json } from "@trivet/http";
import { route } from "../deps.ts";
import { recordEvents } from "../ingest/record-events.ts";
import { senderOf } from "../ingest/sender.ts";
import { eventBatch, received, siteQuery } from "../schemas.ts";
import { sentFrom } from "./sent-from.ts";

export const postEventBatch = route(
  {
    method: "post",
    path: "/analytics/events/batch",
    summary: "Send up to 1,000 events",
    description: "As `POST /analytics/events`, for clients that wrap them in an object.",
    access: access.optional,
    encryption: "optional",
    beacon: true,
    request: { query: siteQuery, body: json(eventBatch) },
    responses: { 202: json(received, "What became of the events") },
  },
  async (c) => {
    const { deps, actor } = c.var;
    const now = new Date();
    const sender = await senderOf(deps, actor, await sentFrom(c, c.req.valid("query").site), now);
    return c.json(await recordEvents(deps, sender, c.req.valid("json").events, now), 202);
  },
);
