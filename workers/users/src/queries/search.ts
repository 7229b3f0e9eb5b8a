import type { Database } from "@trivet/db";
import { and, desc, eq, isNull, like, sql } from "drizzle-orm";
import { union } from "drizzle-orm/pg-core";
import type { UserCard } from "../schemas.ts";
import { profiles } from "../tables.ts";
import { cardColumns } from "./profiles.ts";
import { visibleTo } from "./visibility.ts";

/** The most that either way of matching contributes, so that a common name costs no more than a rare one. */
const candidateLimit = 500;

const username = sql`lower(${profiles.username})`;
/** Word for word the expression of the index `profiles_search`. */
const words = sql`lower(${profiles.username} || ' ' || ${profiles.name})`;

/**
 * The best matches, best first: the very username, usernames that begin like it, then whatever has
 * words alike (trigrams). `query` is in lower case.
 */
export async function searchProfiles(
  db: Database,
  viewerId: string,
  query: string,
  limit: number,
): Promise<UserCard[]> {
  const prefix = `${query.replace(/[\\%_]/g, "\\$&")}%`;
  const living = isNull(profiles.erasedAt);
  const candidates = union(
    db
      .select({ id: profiles.id })
      .from(profiles)
      .where(and(living, like(username, prefix)))
      .orderBy(username)
      .limit(candidateLimit),
    db
      .select({ id: profiles.id })
      .from(profiles)
      .where(and(living, sql`${query} <% ${words}`))
      .limit(candidateLimit),
  ).as("candidates");
  return await db
    .select(cardColumns)
    .from(candidates)
    .innerJoin(profiles, eq(profiles.id, candidates.id))
    .where(visibleTo(db, viewerId))
    .orderBy(
      desc(sql`${username} = ${query}`),
      desc(like(username, prefix)),
      desc(sql`word_similarity(${query}, ${words})`),
      desc(profiles.followerCount),
      profiles.id,
    )
    .limit(limit);
}
