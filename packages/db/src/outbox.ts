import type { Envelope, EventContract } from "@trivet/contracts";
import { type Invocation, newId } from "@trivet/platform";
import { bigint, integer, jsonb, type PgSchema, text, timestamp, uuid } from "drizzle-orm/pg-core";
import type { z } from "zod";
import type { Transaction } from "./open.ts";

/**
 * Events a service has committed to and not yet sent. `sql/outbox.sql` is the migration that
 * goes with it.
 *
 * A row that was sent is deleted: the table stays as small as the backlog, and what happened is kept by
 * the log of events, not by every publisher.
 */
export const outboxTable = (schema: PgSchema) =>
  schema.table("outbox", {
    position: bigint("position", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    id: uuid("id").notNull(),
    event: text("event").notNull(),
    version: integer("version").notNull(),
    service: text("service").notNull(),
    subject: text("subject").notNull(),
    traceId: text("trace_id").notNull(),
    spanId: text("span_id").notNull(),
    data: jsonb("data").$type<Envelope["data"]>().notNull(),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
    /** When it may be tried next. A relay that claims the row moves this past its lease. */
    dueAt: timestamp("due_at", { withTimezone: true }).notNull().defaultNow(),
    attempts: integer("attempts").notNull().default(0),
    lastError: text("last_error"),
  });

export type Outbox = ReturnType<typeof outboxTable>;

/**
 * Announces `event` if, and only if, the transaction commits. `subject` is the id of what it is
 * about; events of one subject are sent in the order in which they were published, provided
 * that transactions on the same subject wait for each other (they do when both lock its row).
 * Answers the event's id.
 */
export async function publish<Event extends EventContract>(
  tx: Transaction,
  outbox: Outbox,
  event: Event,
  subject: string,
  data: z.input<Event["data"]>,
  invocation: Pick<Invocation, "trace">,
): Promise<string> {
  const id = newId();
  await tx.insert(outbox).values({
    id,
    event: event.name,
    version: event.version,
    service: event.service,
    subject,
    traceId: invocation.trace.traceId,
    spanId: invocation.trace.spanId,
    data: small(asJson(event.data.parse(data))),
  });
  return id;
}

/** Characters of an event's data: with them it fits a queue's message, so that no event of its own can fail to be sent. */
export const longestData = 32_000;

function small(data: Envelope["data"]): Envelope["data"] {
  const { length } = JSON.stringify(data);
  if (length <= longestData) return data;
  throw new Error(`The data of an event has ${length} characters as JSON; it may have ${longestData}. Send ids.`);
}

/** Event contracts describe JSON objects: ids and facts as strings, numbers and booleans. */
const asJson = (data: Record<string, unknown>): Envelope["data"] => data as Envelope["data"];
