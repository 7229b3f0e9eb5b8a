import type { Database, Transaction } from "@trivet/db";
import { inArray, lt, sql } from "drizzle-orm";
import { erasures } from "../tables.ts";

export async function insertErasure(db: Database, visitor: string, pseudonym: string): Promise<void> {
  await db.insert(erasures).values({ visitor, pseudonym }).onConflictDoNothing();
}

/** The users whose last access token has ended, so that no further event of theirs can come. */
export async function selectErasures(db: Database, limit: number): Promise<string[]> {
  const rows = await db
    .select({ visitor: erasures.visitor })
    .from(erasures)
    .where(lt(erasures.askedAt, sql`now() - interval '15 minutes'`))
    .limit(limit);
  return rows.map(({ visitor }) => visitor);
}

export async function deleteErasures(db: Database, visitors: readonly string[]): Promise<void> {
  await db.delete(erasures).where(inArray(erasures.visitor, [...visitors]));
}

/** Chunks that one statement reads, so that it ends in time however large the day was. */
const portion = 1_000;

/**
 * Gives the events of these users in the next chunks of one partition, behind chunk `after`, to their pseudonyms, each all of
 * one user's to the same; answers the last chunk that was read, or undefined when there are none. Nobody may put chunks
 * together meanwhile, as what is moved would be missed.
 */
export async function anonymise(
  tx: Transaction,
  partition: string,
  visitors: readonly string[],
  after: number,
): Promise<number | undefined> {
  const table = sql`analytics.${sql.identifier(partition)}`;
  const [next] = await tx.execute<{ last: string | null }>(sql`
    select max(id) as last from (
      select id from ${table} where id > ${after}::bigint order by id limit ${portion}::integer
    ) as next
  `);
  if (next?.last == null) return undefined;
  const gone = sql`(select unnest(${`{${visitors.join()}}`}::uuid[]))`;
  await tx.execute(sql`
    update ${table} as chunk set visitors = array(
      select coalesce(pseudonym, known.visitor)
      from unnest(chunk.visitors) with ordinality as known (visitor, place)
      left join ${erasures} as erasure on erasure.visitor = known.visitor and erasure.visitor in ${gone}
      order by place
    )
    where id in (
      select id from ${table} as read, unnest(read.visitors) as known (visitor)
      where id > ${after}::bigint and id <= ${next.last}::bigint and known.visitor in ${gone}
    )
  `);
  return Number(next.last);
}
