import { defineCall } from "@trivet/platform";
import { z } from "zod";
import { id } from "../text.ts";

/** An event on its way: what CloudEvents calls the context attributes, and the data. */
export const envelope = z.object({
  /** Names this event for good; a repeat carries the same id. */
  id,
  event: z.string(),
  version: z.number().int().positive(),
  /** The publisher. */
  service: z.string(),
  /** The id of what the event is about. */
  subject: z.string(),
  timestamp: z.iso.datetime(),
  trace_id: z.string().regex(/^[\da-f]{32}$/),
  span_id: z.string().regex(/^[\da-f]{16}$/),
  data: z.record(z.string(), z.json()),
});

export type Envelope = z.infer<typeof envelope>;

/**
 * How an event reaches `service`: the publisher's outbox delivers it by a call, at least once. The
 * subscriber answers once the effect is committed.
 */
export const deliverEvent = (service: string) =>
  defineCall({
    service,
    callers: ["auth", "users"],
    method: "post",
    path: "/events",
    summary: "Deliver one event; a repeat is harmless",
    body: envelope,
    idempotent: true,
  });
