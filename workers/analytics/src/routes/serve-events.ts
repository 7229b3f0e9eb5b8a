import { recordEvents as recordEventsCall } from "@trivet/contracts";
import { serve } from "../deps.ts";
import { recordEvents } from "../ingest/record-events.ts";
import { callerOf } from "./caller-of.ts";

export const serveEvents = serve(recordEventsCall, async ({ deps, body }) => {
  const source = `service:${callerOf(deps)}`;
  return await recordEvents(deps, { visitor: null, source, scope: source }, body.events, new Date(), true);
});
