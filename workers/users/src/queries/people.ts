import type { Database } from "@trivet/db";
import { and, desc, eq, isNull, sql } from "drizzle-orm";
import type { UserCard } from "../schemas.ts";
import { blocks, followRequests, follows, mutes, profiles } from "../tables.ts";
import { cardColumns } from "./profiles.ts";
import { visibleTo } from "./visibility.ts";

/** The lists of people: whose list it is, who is on it, and since when. Each has an index in this order. */
const lists = {
  followers: { table: follows, owner: follows.followeeId, person: follows.followerId, since: follows.createdAt },
  following: { table: follows, owner: follows.followerId, person: follows.followeeId, since: follows.createdAt },
  requests: {
    table: followRequests,
    owner: followRequests.targetId,
    person: followRequests.requesterId,
    since: followRequests.createdAt,
  },
  blocks: { table: blocks, owner: blocks.blockerId, person: blocks.blockedId, since: blocks.createdAt },
  mutes: { table: mutes, owner: mutes.muterId, person: mutes.mutedId, since: mutes.createdAt },
};

export type PeopleList = keyof typeof lists;

/** Where a page starts: behind this person. */
interface Place {
  since: string;
  id: string;
}

export interface PeopleQuery {
  list: PeopleList;
  ownerId: string;
  viewerId: string;
  after: Place | undefined;
  limit: number;
}

export type PeopleRow = UserCard & { since: string };

/** The latest come first. Those who are hidden from the viewer are left out, except from the list of blocks. */
export async function selectPeople(
  db: Database,
  { list, ownerId, viewerId, after, limit }: PeopleQuery,
): Promise<PeopleRow[]> {
  const { table, owner, person, since } = lists[list];
  return await db
    .select({ ...cardColumns, since: sql<string>`${since}`.mapWith(since) })
    .from(table)
    .innerJoin(profiles, eq(profiles.id, person))
    .where(
      and(
        eq(owner, ownerId),
        list === "blocks" ? isNull(profiles.erasedAt) : visibleTo(db, viewerId),
        after && sql`(${since}, ${person}) < (${after.since}::timestamptz, ${after.id}::uuid)`,
      ),
    )
    .orderBy(desc(since), desc(person))
    .limit(limit);
}
