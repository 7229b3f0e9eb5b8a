import { idempotencyTable, outboxTable, usedMessagesTable } from "@trivet/db";
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import type { JWK } from "jose";

// Mirrors drizzle/auth; what the columns mean is written there.

const schema = pgSchema("auth");
const moment = (name: string) => timestamp(name, { withTimezone: true });
const createdAt = moment("created_at").notNull().defaultNow();
const updatedAt = moment("updated_at").notNull().defaultNow();

export const users = schema.table(
  "users",
  {
    id: uuid("id").primaryKey(),
    email: text("email").notNull(),
    emailVerified: boolean("email_verified").notNull().default(false),
    username: text("username").notNull(),
    name: text("name").notNull(),
    image: text("image"),
    role: text("role", { enum: ["user", "moderator", "admin"] })
      .notNull()
      .default("user"),
    twoFactorEnabled: boolean("two_factor_enabled").notNull().default(false),
    banned: boolean("banned").notNull().default(false),
    banReason: text("ban_reason"),
    bannedUntil: moment("banned_until"),
    createdAt,
    updatedAt,
  },
  (table) => [
    uniqueIndex("users_email_key").on(table.email),
    uniqueIndex("users_username_key").on(sql`lower(${table.username})`),
  ],
);

export type User = typeof users.$inferSelect;

const ownerId = uuid("user_id")
  .notNull()
  .references(() => users.id, { onDelete: "cascade" });

export const identities = schema.table(
  "identities",
  {
    id: uuid("id").primaryKey(),
    userId: ownerId,
    providerId: text("provider_id").notNull(),
    accountId: text("account_id").notNull(),
    password: text("password"),
    accessToken: text("access_token"),
    refreshToken: text("refresh_token"),
    idToken: text("id_token"),
    accessTokenExpiresAt: moment("access_token_expires_at"),
    refreshTokenExpiresAt: moment("refresh_token_expires_at"),
    scope: text("scope"),
    createdAt,
    updatedAt,
  },
  (table) => [uniqueIndex("identities_provider_key").on(table.providerId, table.accountId)],
);

export type Identity = typeof identities.$inferSelect;

export const verifications = schema.table(
  "verifications",
  {
    id: text("id").primaryKey(),
    identifier: text("identifier").notNull(),
    value: text("value").notNull(),
    expiresAt: moment("expires_at").notNull(),
    createdAt,
    updatedAt,
  },
  (table) => [index("verifications_identifier_idx").on(table.identifier)],
);

export const twoFactors = schema.table(
  "two_factors",
  {
    id: uuid("id").primaryKey(),
    userId: ownerId,
    secret: text("secret").notNull(),
    backupCodes: text("backup_codes").notNull(),
    verified: boolean("verified").notNull().default(false),
    failedVerificationCount: integer("failed_verification_count").notNull().default(0),
    lockedUntil: moment("locked_until"),
    lastStep: bigint("last_step", { mode: "number" }).notNull().default(0),
  },
  (table) => [uniqueIndex("two_factors_user_key").on(table.userId)],
);

export const sessions = schema.table("sessions", {
  id: uuid("id").primaryKey(),
  userId: ownerId,
  userAgent: text("user_agent"),
  impersonatorId: uuid("impersonator_id").references(() => users.id, { onDelete: "cascade" }),
  confirmedAt: moment("confirmed_at"),
  createdAt,
  lastUsedAt: moment("last_used_at").notNull().defaultNow(),
  expiresAt: moment("expires_at").notNull(),
});

export type Session = typeof sessions.$inferSelect;

export const refreshTokens = schema.table("refresh_tokens", {
  hash: text("hash").primaryKey(),
  sessionId: uuid("session_id")
    .notNull()
    .references(() => sessions.id, { onDelete: "cascade" }),
  createdAt,
  rotatedAt: moment("rotated_at"),
});

export const signingKeys = schema.table("signing_keys", {
  kid: text("kid").primaryKey(),
  publicJwk: jsonb("public_jwk").$type<JWK>().notNull(),
  sealedPrivateJwk: text("sealed_private_jwk").notNull(),
  createdAt,
  signsFrom: moment("signs_from").notNull(),
  publishedUntil: moment("published_until"),
});

export const apiKeys = schema.table("api_keys", {
  id: uuid("id").primaryKey(),
  userId: ownerId,
  name: text("name").notNull(),
  hash: text("hash").notNull(),
  hint: text("hint").notNull(),
  scopes: text("scopes").array(),
  createdAt,
  expiresAt: moment("expires_at"),
  lastUsedAt: moment("last_used_at"),
});

export const passkeys = schema.table(
  "passkeys",
  {
    id: uuid("id").primaryKey(),
    userId: ownerId,
    name: text("name").notNull(),
    credentialId: text("credential_id").notNull(),
    publicKey: text("public_key").notNull(),
    counter: bigint("counter", { mode: "number" }).notNull(),
    transports: text("transports").array().notNull(),
    createdAt,
    lastUsedAt: moment("last_used_at"),
  },
  (table) => [uniqueIndex("passkeys_credential_key").on(table.credentialId)],
);

export const accountBrakes = schema.table("account_brakes", {
  key: text("key").primaryKey(),
  failures: integer("failures").notNull(),
  blockedUntil: moment("blocked_until"),
  updatedAt: moment("updated_at").notNull(),
});

export const addressBrakes = schema.table("address_brakes", {
  key: text("key").primaryKey(),
  tries: moment("tries").array().notNull(),
  updatedAt: moment("updated_at").notNull(),
});

export const knownAddresses = schema.table(
  "known_addresses",
  { userId: ownerId, addressHash: text("address_hash").notNull(), lastUsedAt: moment("last_used_at").notNull() },
  (table) => [primaryKey({ columns: [table.userId, table.addressHash] })],
);

export const audit = schema.table("audit", {
  id: uuid("id").primaryKey(),
  actorId: uuid("actor_id").notNull(),
  action: text("action").notNull(),
  subjectId: text("subject_id").notNull(),
  details: jsonb("details").$type<Record<string, string | number | null>>().notNull().default({}),
  requestId: text("request_id").notNull(),
  at: moment("at").notNull().defaultNow(),
});

export const mails = schema.table("mails", {
  id: uuid("id").primaryKey(),
  sealed: text("sealed").notNull(),
  createdAt,
  expiresAt: moment("expires_at").notNull(),
});

export const outbox = outboxTable(schema);
export const idempotencyKeys = idempotencyTable(schema);
export const usedMessages = usedMessagesTable(schema);
