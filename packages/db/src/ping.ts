import { sql } from "drizzle-orm";
import type { Database } from "./open.ts";
import { answerWithin } from "./within.ts";

/** Resolves when the database answers; throws `unavailable` or `deadline_exceeded`. */
export async function pingDatabase(db: Database, timeoutMs: number): Promise<void> {
  await answerWithin(timeoutMs, db.execute(sql`select 1`));
}
