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

/**
 * Gives the events of these users in one partition to their pseudonyms, each all of one user's to the same. Nobody may put
 * chunks together meanwhile, as what is moved would be missed.
 */
export async function anonymise(tx: Transaction, partition: string, visitors: readonly string[]): Promise<void> {
  const gone = sql`${`{${visitors.join()}}`}::uuid[]`;
  await tx.execute(sql`
    update ${sql`analytics.${sql.identifier(partition)}`} as chunk set visitors = array(
      select coalesce(pseudonym, known.visitor)
      from unnest(chunk.visitors) with ordinality as known (visitor, place)
      left join ${erasures} as erasure on erasure.visitor = known.visitor and erasure.visitor = any(${gone})
      order by place
    )
    where chunk.visitors && ${gone}
  `);
}
