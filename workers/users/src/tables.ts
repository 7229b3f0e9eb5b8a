import { inboxTable, instant, outboxTable } from "@trivet/db";
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  customType,
  index,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  text,
  uuid,
} from "drizzle-orm/pg-core";
import type { NotificationChoices, Theme } from "./schemas.ts";

const schema = pgSchema("users");

/** Text in byte order, in which an index serves both equality and `LIKE 'prefix%'`. For ASCII only. */
const asciiText = customType<{ data: string }>({ dataType: () => 'text COLLATE "C"' });

/**
 * One row per account, and it outlives the account: erasing empties it and sets `erasedAt`. The
 * primary key is thereby also the memory of what was deleted, so a late `user.created` or a read
 * repair cannot bring anybody back. Every query but the erasing ones asks for `erasedAt is null`.
 */
export const profiles = schema.table(
  "profiles",
  {
    id: uuid("id").primaryKey(),
    /**
     * A copy; auth owns usernames and keeps them unique. Not unique here: a name that was freed and
     * taken again may arrive before the news that its former owner is gone.
     */
    username: asciiText("username").notNull().default(""),
    email: text("email").notNull().default(""),
    name: text("name").notNull().default(""),
    bio: text("bio").notNull().default(""),
    avatarUrl: text("avatar_url"),
    isPrivate: boolean("is_private").notNull().default(false),
    /** Kept equal to the rows of `follows` by whoever changes those, in the same transaction. */
    followerCount: integer("follower_count").notNull().default(0),
    followingCount: integer("following_count").notNull().default(0),
    createdAt: instant("created_at").notNull().default(sql`now()`),
    erasedAt: instant("erased_at"),
  },
  (t) => [
    // Not partial: an index `where erased_at is null` fits every query, and on a small table the
    // planner prefers it to the primary key, in a plan that it then keeps while the table grows.
    index("profiles_username").on(sql`lower(${t.username})`),
    index("profiles_search").using("gin", sql`lower(${t.username} || ' ' || ${t.name}) gin_trgm_ops`),
    check("profiles_erased_or_named", sql`${t.erasedAt} is not null or ${t.username} <> ''`),
    check("profiles_counts", sql`${t.followerCount} >= 0 and ${t.followingCount} >= 0`),
  ],
);

/** The one row that knows how many profiles there are: counting them would read them all. */
export const totals = schema.table(
  "totals",
  {
    id: boolean("id").primaryKey().default(true),
    profiles: bigint("profiles", { mode: "number" }).notNull(),
  },
  (t) => [check("totals_one_row", sql`${t.id}`)],
);

export const follows = schema.table(
  "follows",
  {
    followerId: uuid("follower_id")
      .notNull()
      .references(() => profiles.id),
    followeeId: uuid("followee_id")
      .notNull()
      .references(() => profiles.id),
    createdAt: instant("created_at").notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "follows_pkey", columns: [t.followerId, t.followeeId] }),
    index("follows_followers").on(t.followeeId, t.createdAt, t.followerId),
    index("follows_following").on(t.followerId, t.createdAt, t.followeeId),
    check("follows_others", sql`${t.followerId} <> ${t.followeeId}`),
  ],
);

/** Asked of a private account and not answered yet. */
export const followRequests = schema.table(
  "follow_requests",
  {
    requesterId: uuid("requester_id")
      .notNull()
      .references(() => profiles.id),
    targetId: uuid("target_id")
      .notNull()
      .references(() => profiles.id),
    createdAt: instant("created_at").notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "follow_requests_pkey", columns: [t.requesterId, t.targetId] }),
    index("follow_requests_incoming").on(t.targetId, t.createdAt, t.requesterId),
    check("follow_requests_others", sql`${t.requesterId} <> ${t.targetId}`),
  ],
);

export const blocks = schema.table(
  "blocks",
  {
    blockerId: uuid("blocker_id")
      .notNull()
      .references(() => profiles.id),
    blockedId: uuid("blocked_id")
      .notNull()
      .references(() => profiles.id),
    createdAt: instant("created_at").notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "blocks_pkey", columns: [t.blockerId, t.blockedId] }),
    index("blocks_made").on(t.blockerId, t.createdAt, t.blockedId),
    index("blocks_suffered").on(t.blockedId),
    check("blocks_others", sql`${t.blockerId} <> ${t.blockedId}`),
  ],
);

export const mutes = schema.table(
  "mutes",
  {
    muterId: uuid("muter_id")
      .notNull()
      .references(() => profiles.id),
    mutedId: uuid("muted_id")
      .notNull()
      .references(() => profiles.id),
    createdAt: instant("created_at").notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "mutes_pkey", columns: [t.muterId, t.mutedId] }),
    index("mutes_made").on(t.muterId, t.createdAt, t.mutedId),
    index("mutes_suffered").on(t.mutedId),
    check("mutes_others", sql`${t.muterId} <> ${t.mutedId}`),
  ],
);

/** What a user has chosen; no row, and no entry in `notifications`, means the default. */
export const preferences = schema.table("preferences", {
  userId: uuid("user_id")
    .primaryKey()
    .references(() => profiles.id),
  theme: text("theme").$type<Theme>().notNull(),
  locale: text("locale").notNull(),
  timeZone: text("time_zone").notNull(),
  notifications: jsonb("notifications").$type<NotificationChoices>().notNull(),
});

export const outbox = outboxTable(schema);
export const inbox = inboxTable(schema);
