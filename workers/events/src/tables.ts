import type { Envelope } from "@trivet/contracts";
import { idempotencyTable, instant, outboxTable } from "@trivet/db";
import { sql } from "drizzle-orm";
import { bigint, boolean, check, index, integer, jsonb, pgSchema, text, unique, uuid } from "drizzle-orm/pg-core";

const schema = pgSchema("events");

/** Every event there was. Partitioned by id, which begins with the time: a partition for each day. */
export const log = schema.table(
  "log",
  {
    id: uuid("id").primaryKey(),
    /** The order in which events were written down, which is that of the commits. */
    position: bigint("position", { mode: "number" }).notNull().default(sql`nextval('events.positions')`),
    event: text("event").notNull(),
    version: integer("version").notNull(),
    service: text("service").notNull(),
    subject: text("subject").notNull(),
    at: instant("at").notNull(),
    traceId: text("trace_id").notNull(),
    spanId: text("span_id").notNull(),
    data: jsonb("data").$type<Envelope["data"]>().notNull(),
    receivedAt: instant("received_at").notNull().default(sql`clock_timestamp()`),
  },
  (t) => [
    index("log_position").on(t.position),
    index("log_event").on(t.event, t.id),
    index("log_subject").on(t.subject, t.id),
    index("log_service").on(t.service, t.id),
  ],
);

/** What a consumer gave up, or what was no event, each once by its queue's own id. */
export const deadLetters = schema.table(
  "dead_letters",
  {
    id: uuid("id").primaryKey(),
    /** Where it died. */
    queue: text("queue").notNull(),
    messageId: text("message_id").notNull(),
    event: text("event"),
    eventId: uuid("event_id"),
    /** As it was sent, in JSON. */
    body: text("body").notNull(),
    cause: text("cause"),
    attempts: integer("attempts").notNull(),
    sentAt: instant("sent_at").notNull(),
    diedAt: instant("died_at").notNull().default(sql`clock_timestamp()`),
    redrivenAt: instant("redriven_at"),
  },
  (t) => [
    unique("dead_letters_message").on(t.queue, t.messageId),
    index("dead_letters_queue").on(t.queue, t.id),
    index("dead_letters_event").on(t.event, t.id),
  ],
);

export const outbox = outboxTable(schema);
export const idempotencyKeys = idempotencyTable(schema);

/** Parts of the log that are sent to subscribers once more. */
export const replays = schema.table(
  "replays",
  {
    id: uuid("id").primaryKey(),
    /** Null is everybody who listens, and every event. */
    subscriber: text("subscriber"),
    event: text("event"),
    fromTime: instant("from_time"),
    toTime: instant("to_time"),
    forced: boolean("forced").notNull(),
    /** What comes after this and up to the last is still to be sent. */
    position: bigint("position", { mode: "number" }).notNull(),
    lastPosition: bigint("last_position", { mode: "number" }).notNull(),
    sent: integer("sent").notNull().default(0),
    state: text("state", { enum: ["running", "finished", "cancelled", "failed"] })
      .notNull()
      .default("running"),
    /** Why it waits, or has failed. */
    cause: text("cause"),
    createdBy: uuid("created_by").notNull(),
    createdAt: instant("created_at").notNull().default(sql`clock_timestamp()`),
    dueAt: instant("due_at").notNull().default(sql`clock_timestamp()`),
    endedAt: instant("ended_at"),
  },
  (t) => [
    check("replays_state_known", sql`${t.state} in ('running', 'finished', 'cancelled', 'failed')`),
    index("replays_due").on(t.dueAt).where(sql`${t.state} = 'running'`),
  ],
);
