import type { Transaction } from "@trivet/db";
import { and, eq, isNull, or, sql } from "drizzle-orm";
import { follows, profiles } from "../tables.ts";

export interface Follow {
  followerId: string;
  followeeId: string;
}

/** Both users of each pair are held, and the pair is known not to be there. */
export async function insertFollows(tx: Transaction, pairs: readonly Follow[]): Promise<void> {
  await tx.execute(sql`
    insert into ${follows} (follower_id, followee_id)
    select "followerId", "followeeId"
    from jsonb_to_recordset(${JSON.stringify(pairs)}::jsonb) as pair ("followerId" uuid, "followeeId" uuid)
  `);
}

/** False when there was nothing to delete. */
export async function deleteFollow(tx: Transaction, { followerId, followeeId }: Follow): Promise<boolean> {
  const deleted = await tx
    .delete(follows)
    .where(and(eq(follows.followerId, followerId), eq(follows.followeeId, followeeId)))
    .returning({ followerId: follows.followerId });
  return deleted.length > 0;
}

/** Ends following in both directions and answers what there was. */
export async function deleteFollowsBetween(tx: Transaction, one: string, other: string): Promise<Follow[]> {
  return await tx
    .delete(follows)
    .where(
      or(
        and(eq(follows.followerId, one), eq(follows.followeeId, other)),
        and(eq(follows.followerId, other), eq(follows.followeeId, one)),
      ),
    )
    .returning({ followerId: follows.followerId, followeeId: follows.followeeId });
}

/** Brings the counts of everybody in these pairs up (1) or down (-1); the users are held. */
export async function countFollows(tx: Transaction, pairs: readonly Follow[], by: 1 | -1): Promise<void> {
  const changes = new Map<string, CountChange>();
  const changeOf = (id: string): CountChange => {
    const change = changes.get(id) ?? { id, followers: 0, following: 0 };
    changes.set(id, change);
    return change;
  };
  for (const { followerId, followeeId } of pairs) {
    changeOf(followerId).following += by;
    changeOf(followeeId).followers += by;
  }
  const change = sql`jsonb_to_recordset(${JSON.stringify([...changes.values()])}::jsonb)
    as change (id uuid, followers integer, following integer)`;
  await tx
    .update(profiles)
    .set({
      followerCount: sql`${profiles.followerCount} + change.followers`,
      followingCount: sql`${profiles.followingCount} + change.following`,
    })
    .from(change)
    .where(and(eq(profiles.id, sql`change.id`), isNull(profiles.erasedAt)));
}

interface CountChange {
  id: string;
  followers: number;
  following: number;
}
