import type { Database, Transaction } from "@trivet/db";
import { and, eq, or, type SQL, sql } from "drizzle-orm";
import { type PgColumn, union } from "drizzle-orm/pg-core";
import { blocks, followRequests, follows, mutes, profiles } from "../tables.ts";
import { anyOf } from "./any-of.ts";
import type { Follow } from "./follows.ts";

type Id = PgColumn | SQL | string;

const following = (db: Database, followerId: Id, followeeId: Id): SQL<boolean> =>
  sql<boolean>`exists ${db
    .select({ one: sql`1` })
    .from(follows)
    .where(and(eq(follows.followerId, followerId), eq(follows.followeeId, followeeId)))}`;

const asking = (db: Database, requesterId: Id, targetId: Id): SQL<boolean> =>
  sql<boolean>`exists ${db
    .select({ one: sql`1` })
    .from(followRequests)
    .where(and(eq(followRequests.requesterId, requesterId), eq(followRequests.targetId, targetId)))}`;

const blocking = (db: Database, blockerId: Id, blockedId: Id): SQL<boolean> =>
  sql<boolean>`exists ${db
    .select({ one: sql`1` })
    .from(blocks)
    .where(and(eq(blocks.blockerId, blockerId), eq(blocks.blockedId, blockedId)))}`;

/** Columns of a query on `profiles`: how a viewer stands to the row's user. */
export const tiesTo = (db: Database, viewerId: SQL | string) => ({
  followedByMe: following(db, viewerId, profiles.id).as("followed_by_me"),
  followsMe: following(db, profiles.id, viewerId).as("follows_me"),
  requested: asking(db, viewerId, profiles.id).as("requested"),
});

export interface Ties {
  /** I follow them. */
  followedByMe: boolean;
  /** They follow me. */
  followsMe: boolean;
  /** I have asked to follow them. */
  requested: boolean;
  blockedByMe: boolean;
  blocksMe: boolean;
}

/** How two users stand to each other; lasting when both are held by `lockProfiles`. */
export async function selectTies(tx: Transaction, myId: string, theirId: string): Promise<Ties> {
  const [row] = await tx
    .select({
      followedByMe: following(tx, myId, theirId),
      followsMe: following(tx, theirId, myId),
      requested: asking(tx, myId, theirId),
      blockedByMe: blocking(tx, myId, theirId),
      blocksMe: blocking(tx, theirId, myId),
    })
    .from(sql`(values (1)) as pair`);
  if (!row) throw new Error("A select of values returned no row.");
  return row;
}

/** Up to `limit` of the users who are tied to this one in any way. */
export async function selectTied(db: Database, id: string, limit: number): Promise<string[]> {
  const rows = await union(
    db.select({ id: follows.followerId }).from(follows).where(eq(follows.followeeId, id)).limit(limit),
    db.select({ id: follows.followeeId }).from(follows).where(eq(follows.followerId, id)).limit(limit),
    db
      .select({ id: followRequests.requesterId })
      .from(followRequests)
      .where(eq(followRequests.targetId, id))
      .limit(limit),
    db
      .select({ id: followRequests.targetId })
      .from(followRequests)
      .where(eq(followRequests.requesterId, id))
      .limit(limit),
    db.select({ id: blocks.blockerId }).from(blocks).where(eq(blocks.blockedId, id)).limit(limit),
    db.select({ id: blocks.blockedId }).from(blocks).where(eq(blocks.blockerId, id)).limit(limit),
    db.select({ id: mutes.muterId }).from(mutes).where(eq(mutes.mutedId, id)).limit(limit),
    db.select({ id: mutes.mutedId }).from(mutes).where(eq(mutes.muterId, id)).limit(limit),
  ).limit(limit);
  return rows.map((row) => row.id);
}

/** Removes every tie between one user and others, and answers the follows among them. */
export async function deleteTies(tx: Transaction, id: string, others: string[]): Promise<Follow[]> {
  const between = (one: PgColumn, other: PgColumn) =>
    or(and(eq(one, id), anyOf(other, others)), and(anyOf(one, others), eq(other, id)));
  const [ended] = await Promise.all([
    tx.delete(follows).where(between(follows.followerId, follows.followeeId)).returning(),
    tx.delete(followRequests).where(between(followRequests.requesterId, followRequests.targetId)),
    tx.delete(blocks).where(between(blocks.blockerId, blocks.blockedId)),
    tx.delete(mutes).where(between(mutes.muterId, mutes.mutedId)),
  ]);
  return ended;
}
