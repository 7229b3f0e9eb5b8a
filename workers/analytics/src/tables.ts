import { idempotencyTable, instant, usedMessagesTable } from "@trivet/db";
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  customType,
  date,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import type { Filters } from "./schemas.ts";

const schema = pgSchema("analytics");

/** Bytes; the driver gives them as they are. */
const bytes = customType<{ data: Uint8Array }>({ dataType: () => "bytea" });

/**
 * Every single event, those of one source and UTC day together: `queries/chunks.ts` writes them, `queries/raw.ts` takes them
 * apart. Partitioned by the day; `queries/partitions.ts` makes and drops the days.
 */
export const chunks = schema.table(
  "chunks",
  {
    day: date("day").notNull(),
    id: bigint("id", { mode: "number" }).notNull().default(sql`nextval('analytics.chunk_ids')`),
    /** `user`, `site:<name>` or `service:<name>`: by whom they were sent. */
    source: text("source").notNull(),
    /** Whether the rollups know them. */
    counted: boolean("counted").notNull().default(false),
    /** How many events. */
    size: integer("size").notNull(),
    firstAt: instant("first_at").notNull(),
    lastAt: instant("last_at").notNull(),
    /** By event: milliseconds since the day began. */
    times: integer("times").array().notNull(),
    /**
     * By event: the user's id, or of somebody without an account a hash that lasts a day; null where they asked not to be
     * told apart.
     */
    visitors: uuid("visitors").array().notNull(),
    /** By event. */
    names: text("names").array().notNull(),
    /** A JSON array of the properties of each event. */
    properties: text("properties").notNull(),
  },
  (t) => [
    primaryKey({ name: "chunks_pkey", columns: [t.day, t.id] }),
    index("chunks_waiting").on(t.id).where(sql`not ${t.counted}`),
  ],
);

/** The events that came with an id, for as long as a repeat could be taken for a new one. */
export const seenEvents = schema.table(
  "seen_events",
  { key: uuid("key").primaryKey(), seenAt: instant("seen_at").notNull().default(sql`now()`) },
  (t) => [index("seen_events_seen_at").using("brin", t.seenAt)],
);

/** What today's visitors are hashed with. Yesterday's is deleted, and with it the way from an address to a visitor. */
export const salts = schema.table("salts", { day: date("day").primaryKey(), salt: text("salt").notNull() });

/** Events and visitors of a quarter of an hour, an hour, a day in UTC; by name, and of all under the empty name. */
export const rollups = schema.table(
  "rollups",
  {
    level: text("level").$type<"quarter" | "hour" | "day">().notNull(),
    name: text("name").notNull(),
    slot: instant("slot").notNull(),
    events: bigint("events", { mode: "number" }).notNull(),
    /** A sketch: `rollups/sketch.ts`. */
    visitors: bytes("visitors").notNull(),
  },
  (t) => [
    primaryKey({ name: "rollups_pkey", columns: [t.level, t.name, t.slot] }),
    index("rollups_slot").on(t.level, t.slot),
    check("rollups_level_known", sql`${t.level} in ('quarter', 'hour', 'day')`),
  ],
);

/** Requests that other services have answered, a row for each minute and route. */
export const requestMetrics = schema.table(
  "request_metrics",
  {
    service: text("service").notNull(),
    method: text("method").notNull(),
    route: text("route").notNull(),
    minute: instant("minute").notNull(),
    requests: bigint("requests", { mode: "number" }).notNull(),
    failures: bigint("failures", { mode: "number" }).notNull(),
    totalMs: doublePrecision("total_ms").notNull(),
    maxMs: doublePrecision("max_ms").notNull(),
    buckets: bigint("buckets", { mode: "number" }).array().notNull(),
  },
  (t) => [
    primaryKey({ name: "request_metrics_pkey", columns: [t.service, t.minute, t.method, t.route] }),
    index("request_metrics_minute").on(t.minute),
  ],
);

/** Users who are gone, and by what random id their events are to be known from now on. */
export const erasures = schema.table("erasures", {
  visitor: uuid("visitor").primaryKey(),
  pseudonym: uuid("pseudonym").notNull(),
  askedAt: instant("asked_at").notNull().default(sql`now()`),
});

export const goals = schema.table(
  "goals",
  {
    id: uuid("id").primaryKey(),
    name: text("name").notNull(),
    event: text("event").notNull(),
    filters: jsonb("filters").$type<Filters>().notNull(),
    createdAt: instant("created_at").notNull().default(sql`now()`),
  },
  (t) => [uniqueIndex("goals_name").on(sql`lower(${t.name})`)],
);

export const idempotencyKeys = idempotencyTable(schema);
export const usedMessages = usedMessagesTable(schema);
