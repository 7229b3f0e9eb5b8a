import { type EventContract, envelope, events, id, legacyNameOf, subscriptions, text } from "@trivet/contracts";
import { anyJson } from "@trivet/http";
import { z } from "zod";

const time = z.iso.datetime({ offset: true });

/** An event as it is in the log. */
export const loggedEvent = envelope
  .extend({
    data: z.record(z.string(), anyJson),
    position: z.int().meta({ description: "Its place in the log, in the order in which events were written down" }),
    received_at: z.iso.datetime().meta({ description: "When it was written to the log" }),
  })
  .meta({ id: "LoggedEvent" });

export type LoggedEvent = z.output<typeof loggedEvent>;

/** An event as it may be announced: by either of its names, with its own data. */
const announcementOf = (event: EventContract) =>
  z.strictObject({
    event: z.enum([event.name, legacyNameOf(event.name)]),
    data: event.data,
    timestamp: z
      .union([z.iso.datetime({ offset: true }), z.number()])
      .optional()
      .meta({ description: "As older programs send it. Not looked at: an event is of the time at which it is stored" }),
  });

const [first, ...others] = Object.values(events).map(announcementOf);
if (!first) throw new Error("There is no event in the catalogue.");

export const announcement = z.discriminatedUnion("event", [first, ...others]).meta({ id: "Announcement" });

export type Announcement = z.output<typeof announcement>;

export const announced = z
  .object({
    id: z.uuid(),
    event: z.string().meta({ example: "user.created" }),
    service: z.string().meta({ description: "On whose behalf" }),
    subject: id.meta({ description: "What it is about" }),
  })
  .meta({ id: "Announced" });

export type Announced = z.output<typeof announced>;

/** What the log, or a replay of it, may be narrowed to. */
const span = {
  from: time.optional().meta({ description: "Events made at this time or later", example: "2026-11-01T00:00:00Z" }),
  to: time.optional().meta({ description: "Events made before this time" }),
  event: text({ min: 1, max: 100 }).optional().meta({ description: "Its name", example: "user.created" }),
};

export const eventFilter = z.object({
  ...span,
  subject: text({ min: 1, max: 200 }).optional().meta({ description: "The id of what it is about" }),
  service: text({ min: 1, max: 100 }).optional().meta({ description: "Who announced it", example: "auth" }),
});

export type EventFilter = z.output<typeof eventFilter>;

export const tailFilter = eventFilter.pick({ event: true, subject: true, service: true });

export type TailFilter = z.output<typeof tailFilter>;

const position = z.int().min(1).max(999_999_999_999_999);

/** Which part of the log is sent once more, and to whom. */
export const newReplay = z
  .strictObject({
    ...span,
    fromPosition: position.optional().meta({ description: "Events at this position in the log or a later one" }),
    toPosition: position
      .optional()
      .meta({ description: "Events at this position or an earlier one; the last unless given" }),
    subscriber: z
      .enum(Object.keys(subscriptions))
      .optional()
      .meta({ description: "To whom; to everybody who listens unless given" }),
    force: z
      .boolean()
      .default(false)
      .meta({ description: "Whether it is to take effect again; only of what may be handled again at any time" }),
  })
  .refine(({ from, fromPosition }) => from !== undefined || fromPosition !== undefined, {
    path: ["from"],
    error: "must be given, or `fromPosition`: where to begin",
  })
  .meta({ id: "NewReplay" });

export type NewReplay = z.output<typeof newReplay>;

export const replay = z
  .object({
    id: z.uuid(),
    state: z.enum(["running", "finished", "cancelled", "failed"]),
    subscriber: z.string().nullable().meta({ description: "Null is everybody who listens" }),
    event: z.string().nullable(),
    from: z.iso.datetime().nullable(),
    to: z.iso.datetime().nullable(),
    force: z.boolean(),
    position: z.int().meta({ description: "How far it has come: what comes after this is still to be sent" }),
    lastPosition: z.int().meta({ description: "How far it goes" }),
    sent: z.int().meta({ description: "Events that have been sent" }),
    cause: z.string().nullable().meta({ description: "Why it waits, or has failed" }),
    createdBy: z.uuid(),
    createdAt: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: "Replay" });

export type Replay = z.output<typeof replay>;

/** A message that nobody could handle, without what it says. */
export const deadLetter = z
  .object({
    id: z.uuid(),
    queue: z.string().meta({ description: "Where it died", example: "inbox-users" }),
    event: z.string().nullable(),
    eventId: z.uuid().nullable(),
    cause: z.string().nullable().meta({ description: "What its last attempt failed of, where that is known" }),
    attempts: z.int(),
    sentAt: z.iso.datetime(),
    diedAt: z.iso.datetime(),
    redrivenAt: z.iso.datetime().nullable().meta({ description: "When it was sent to its queue again" }),
  })
  .meta({ id: "DeadLetter" });

export type DeadLetter = z.output<typeof deadLetter>;

export const wholeDeadLetter = deadLetter
  .extend({ body: anyJson.meta({ description: "The message as it was sent" }) })
  .meta({ id: "WholeDeadLetter" });

export type WholeDeadLetter = z.output<typeof wholeDeadLetter>;

const queue = text({ min: 1, max: 100 }).meta({ description: "Where they died", example: "inbox-users" });

export const letterFilter = z.object({
  queue: queue.optional(),
  event: span.event,
  redriven: z.enum(["yes", "no"]).optional().meta({ description: "Only those that were, or were not, driven again" }),
});

export type LetterFilter = z.output<typeof letterFilter>;

/** Which dead letters are to be driven again: all that have not been, or those of a queue or an event. */
export const redriveFilter = z
  .strictObject({ queue: queue.optional(), event: span.event })
  .meta({ id: "RedriveFilter" });

export type RedriveFilter = z.output<typeof redriveFilter>;

const backlog = z
  .object({
    messages: z.int(),
    oldest_at: z.iso.datetime().nullable(),
    lag_s: z.number().meta({ description: "For how long the oldest has waited" }),
  })
  .nullable()
  .meta({ id: "Backlog", description: "Null where the queue cannot be asked" });

export type Backlog = z.output<typeof backlog>;

const place = z.object({ id: z.uuid(), at: z.iso.datetime() }).nullable();

/** The stream, who reads it, and how far behind they are. */
export const monitor = z
  .object({
    streams: z.array(
      z.object({
        name: z.string(),
        queue: z.string(),
        backlog,
        messages: z.int().meta({ description: "As Postgres estimates them" }),
        last_minute: z.int().meta({ description: "Events made in the last minute; 100,000 where there are more" }),
        bytes: z.int(),
        days: z.int().meta({ description: "Partitions that there are" }),
        first: place,
        last: place,
      }),
    ),
    consumers: z.array(
      z.object({
        name: z.string(),
        queue: z.string(),
        events: z.array(z.string()),
        backlog,
        dead_letters: z.int().meta({ description: "Those that have not been driven again" }),
      }),
    ),
  })
  .meta({ id: "Monitor" });

export type Monitor = z.output<typeof monitor>;
