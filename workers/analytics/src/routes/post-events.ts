import { access, json } from "@trivet/http";
import { route } from "../deps.ts";
import { recordEvents } from "../ingest/record-events.ts";
import { senderOf } from "../ingest/sender.ts";
import { eventOrEvents, received, siteQuery } from "../schemas.ts";
import { sentFrom } from "./sent-from.ts";

export const postEvents = route(
  {
    method: "post",
    path: "/analytics/events",
    summary: "Send one event, or up to 1,000",
    description:
      "Each event stands for itself: those that are right are stored when the answer comes, the others are named in `errors`. The JSON may come as `text/plain`, as `navigator.sendBeacon` sends it. With `DNT: 1` or `Sec-GPC: 1` events are counted without telling whose they are. No address is stored.",
    access: access.optional,
    encryption: "optional",
    beacon: true,
    request: { query: siteQuery, body: json(eventOrEvents) },
    responses: { 202: json(received, "What became of the events") },
  },
  async (c) => {
    const { deps, actor } = c.var;
    const [now, sent] = [new Date(), c.req.valid("json")];
    const sender = await senderOf(deps, actor, await sentFrom(c, c.req.valid("query").site), now);
    return c.json(await recordEvents(deps, sender, Array.isArray(sent) ? sent : [sent], now), 202);
  },
);
