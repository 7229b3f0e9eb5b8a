import type { Account } from "@trivet/contracts";
import { batched, type Database, prepared, type Transaction } from "@trivet/db";
import { and, desc, eq, isNull, sql } from "drizzle-orm";
import type { OwnProfile, Profile, ProfileUpdate, UserCard, ViewedProfile } from "../schemas.ts";
import { profiles } from "../tables.ts";
import { anyOf, arrayOf, zipped } from "./any-of.ts";
import { tiesTo } from "./ties.ts";
import { visibleTo } from "./visibility.ts";

export const cardColumns = {
  id: profiles.id,
  username: profiles.username,
  name: profiles.name,
  avatarUrl: profiles.avatarUrl,
  isPrivate: profiles.isPrivate,
};

const profileColumns = {
  ...cardColumns,
  bio: profiles.bio,
  followerCount: profiles.followerCount,
  followingCount: profiles.followingCount,
  createdAt: profiles.createdAt,
};

const ownColumns = { ...profileColumns, email: profiles.email };

/** The hot one: for each pair a row by its primary key, and a probe of an index for each tie. */
const viewedByIds = prepared((db) => {
  const viewerId = sql`asked.viewer_id`;
  return db
    .select({ position: sql<number>`asked.position::int`, ...profileColumns, ...tiesTo(db, viewerId) })
    .from(zipped("asked", { viewer_id: sql`${sql.placeholder("viewerIds")}`, id: sql`${sql.placeholder("ids")}` }))
    .innerJoin(profiles, eq(profiles.id, sql`asked.id`))
    .where(visibleTo(db, viewerId))
    .prepare("viewed_by_ids");
});

interface Viewing {
  viewerId: string;
  id: string;
}

const viewed = batched(async (db, asked: Viewing[]) => {
  const viewerIds = arrayOf(asked.map(({ viewerId }) => viewerId));
  const ids = arrayOf(asked.map(({ id }) => id));
  const found = new Array<ViewedProfile | undefined>(asked.length).fill(undefined);
  for (const { position, ...profile } of await viewedByIds(db).execute({ viewerIds, ids }))
    found[position - 1] = profile;
  return found;
});

/** Undefined where there is no profile, or either has blocked the other. */
export const selectViewed = (db: Database, viewerId: string, id: string): Promise<ViewedProfile | undefined> =>
  viewed(db, { viewerId, id });

/** The newest holder of a name: between two, the older is about to be erased. */
export async function selectViewedByUsername(
  db: Database,
  viewerId: string,
  username: string,
): Promise<ViewedProfile | undefined> {
  const [row] = await db
    .select({ ...profileColumns, ...tiesTo(db, viewerId) })
    .from(profiles)
    .where(and(eq(sql`lower(${profiles.username})`, username.toLowerCase()), visibleTo(db, viewerId)))
    .orderBy(desc(profiles.createdAt), desc(profiles.id))
    .limit(1);
  return row;
}

export type OwnRow = Omit<OwnProfile, "preferences">;

export async function selectOwn(db: Database, id: string): Promise<OwnRow | undefined> {
  const [row] = await db
    .select(ownColumns)
    .from(profiles)
    .where(and(eq(profiles.id, id), isNull(profiles.erasedAt)));
  return row;
}

/** As `selectOwn`, and nobody else changes the row, its counts included, before this transaction ends. */
export async function lockOwn(tx: Transaction, id: string): Promise<OwnRow | undefined> {
  const [row] = await tx
    .select(ownColumns)
    .from(profiles)
    .where(and(eq(profiles.id, id), isNull(profiles.erasedAt)))
    .for("no key update");
  return row;
}

export async function updateProfileRow(tx: Transaction, id: string, update: ProfileUpdate): Promise<void> {
  await tx.update(profiles).set(update).where(eq(profiles.id, id));
}

/** Cards of those ids that have a profile, in no order. No viewer: the calling service applies blocks. */
export async function selectCards(db: Database, ids: string[]): Promise<UserCard[]> {
  return await db
    .select(cardColumns)
    .from(profiles)
    .where(and(anyOf(profiles.id, ids), isNull(profiles.erasedAt)));
}

/** False when the id is taken, be it by a profile or by what was left of an erased one. */
export async function insertProfile(tx: Transaction, account: Account): Promise<boolean> {
  const { id, username, email, name, createdAt } = account;
  const inserted = await tx
    .insert(profiles)
    .values({ id, username, email, name, createdAt })
    .onConflictDoNothing({ target: profiles.id })
    .returning({ id: profiles.id });
  return inserted.length > 0;
}

/** Makes sure that the id stays taken. False when it was already. */
export async function insertErased(tx: Transaction, id: string, erasedAt: string): Promise<boolean> {
  const inserted = await tx
    .insert(profiles)
    .values({ id, erasedAt })
    .onConflictDoNothing({ target: profiles.id })
    .returning({ id: profiles.id });
  return inserted.length > 0;
}

/** Empties a profile of all that it says of a person. False when there was none or it was erased before. */
export async function clearProfile(tx: Transaction, id: string, erasedAt: string): Promise<boolean> {
  const empty = { username: "", email: "", name: "", bio: "", avatarUrl: null, isPrivate: false };
  const cleared = await tx
    .update(profiles)
    .set({ ...empty, followerCount: 0, followingCount: 0, erasedAt })
    .where(and(eq(profiles.id, id), isNull(profiles.erasedAt)))
    .returning({ id: profiles.id });
  return cleared.length > 0;
}

export type LockedProfile = Pick<Profile, "id" | "isPrivate">;

/**
 * Holds these profiles for the rest of the transaction, and answers those that are not erased.
 *
 * Whoever changes a tie between two users holds both of their rows first. So the two of a pair cannot
 * be changed by two transactions at once, what is read afterwards stays true, and counts cannot drift.
 * All take the rows in the order of ids, in one statement; therefore nobody waits in a circle.
 * The erased are held as well: erasing unties them step by step.
 */
export async function lockProfiles(tx: Transaction, ids: string[]): Promise<Map<string, LockedProfile>> {
  const rows = await tx
    .select({ id: profiles.id, isPrivate: profiles.isPrivate, erasedAt: profiles.erasedAt })
    .from(profiles)
    .where(anyOf(profiles.id, ids))
    .orderBy(profiles.id)
    .for("no key update");
  return new Map(rows.filter((row) => row.erasedAt === null).map((row) => [row.id, row]));
}

/** Whether an id has a profile, or had one that was erased. */
export async function isTaken(db: Database, id: string): Promise<boolean> {
  const rows = await db.select({ id: profiles.id }).from(profiles).where(eq(profiles.id, id));
  return rows.length > 0;
}
