import { idempotencyTable, instant, outboxTable } from "@trivet/db";
import { sql } from "drizzle-orm";
import { index, pgSchema, text, uuid } from "drizzle-orm/pg-core";

const schema = pgSchema("stencil");

/**
 * A row for everybody who has ever had an item. It outlives the account: an access token does, too, by up to ten
 * minutes, and must not bring anything of it back.
 */
export const owners = schema.table("owners", {
  id: uuid("id").primaryKey(),
  erasedAt: instant("erased_at"),
});

export const items = schema.table(
  "items",
  {
    /** Tells the time as well: UUIDv7. */
    id: uuid("id").primaryKey(),
    ownerId: uuid("owner_id")
      .notNull()
      .references(() => owners.id),
    text: text("text").notNull(),
    createdAt: instant("created_at").notNull().default(sql`now()`),
  },
  (t) => [index("items_owner").on(t.ownerId, t.id)],
);

export const outbox = outboxTable(schema);
export const idempotencyKeys = idempotencyTable(schema);
