import type { Database } from "@trivet/db";
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

/** Pages of a partition that one statement reads: 64 MB, so that it ends in time however large the day was. */
const pages = 8_192;

/** Gives the events of these users in one partition to their pseudonyms, each all of one user's to the same. */
export async function anonymise(db: Database, partition: string, visitors: readonly string[]): Promise<void> {
  const table = sql`analytics.${sql.identifier(partition)}`;
  const [size] = await db.execute<{ pages: string }>(
    sql`select pg_relation_size(${`analytics.${partition}`}::regclass) / 8192 as pages`,
  );
  const last = Number(size?.pages ?? 0);
  for (let from = 0; from < last; from += pages) {
    await db.execute(sql`
      update ${table} as event set visitor = erasure.pseudonym from ${erasures} as erasure
      where event.visitor = erasure.visitor and erasure.visitor = any(${`{${visitors.join(",")}}`}::uuid[])
        and event.ctid >= ${`(${from},0)`}::tid and event.ctid < ${`(${from + pages},0)`}::tid
    `);
  }
}
