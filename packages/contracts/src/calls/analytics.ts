import { defineCall } from "@trivet/platform";
import { z } from "zod";
import { id, text } from "../text.ts";

const callers = [
  ...["router", "auth", "users", "events", "posts", "notifications", "realtime"],
  ...["media", "ai", "payments", "calendar", "blog", "strava", "controller"],
];

/** The most events, or lines of metrics, in one call. */
export const analyticsLimit = 1_000;

/** What a service has seen happen. Its bounds are those of `POST /analytics/events`. */
export const recordedEvent = z.strictObject({
  id: text({ min: 1, max: 100 }).meta({ description: "Names this event for good: a repeat is counted once" }),
  name: text({ min: 1, max: 100 }),
  properties: z.record(z.string(), z.json()).optional(),
  timestamp: z.iso.datetime({ offset: true }).optional(),
  userId: id.optional().meta({ description: "Whose event it is" }),
});

export const recordEvents = defineCall({
  service: "analytics",
  callers,
  method: "post",
  path: "/record",
  summary: "Record events; those that are wrong are named and do not cost the others",
  encryption: "required",
  body: z.strictObject({ events: z.array(recordedEvent).min(1).max(analyticsLimit) }),
  reply: z.object({
    accepted: z.int(),
    duplicates: z.int(),
    errors: z.array(z.object({ index: z.int(), pointer: z.string(), message: z.string() })),
  }),
  idempotent: true,
});

/** Milliseconds within which a request may have been answered, ascending; a last bucket holds what took longer. */
export const requestBounds = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000] as const;

const count = z.int().nonnegative();

/** The requests of one route in one minute. */
export const requestMinute = z.strictObject({
  method: text({ min: 1, max: 10 }),
  route: text({ min: 1, max: 200 }),
  minute: z.iso.datetime().refine((at) => Date.parse(at) % 60_000 === 0, { error: "must be a whole minute" }),
  requests: count,
  failures: count.meta({ description: "Answered with a status from 500 on" }),
  totalMs: z.number().nonnegative(),
  maxMs: z.number().nonnegative(),
  buckets: z.array(count).length(requestBounds.length + 1),
});

export type RequestMinute = z.infer<typeof requestMinute>;

export const recordRequests = defineCall({
  service: "analytics",
  callers,
  method: "post",
  path: "/requests",
  summary: "Report how fast the caller has answered; the same report is counted once",
  encryption: "required",
  body: z.strictObject({ id, minutes: z.array(requestMinute).min(1).max(analyticsLimit) }),
  idempotent: true,
});
