import { z } from "zod";
import { id, text } from "../text.ts";

/** An event on its way: what CloudEvents calls the context attributes, and the data. */
export const envelope = z.object({
  /** Names this event for good; a repeat carries the same id. */
  id,
  event: text({ min: 1, max: 100 }),
  version: z.number().int().positive(),
  /** The publisher. */
  service: text({ min: 1, max: 100 }),
  /** The id of what the event is about. */
  subject: text({ min: 1, max: 200 }),
  timestamp: z.iso.datetime(),
  trace_id: z.string().regex(/^[\da-f]{32}$/),
  span_id: z.string().regex(/^[\da-f]{16}$/),
  data: z.record(z.string(), z.json()),
});

export type Envelope = z.infer<typeof envelope>;
