import { TrivetError } from "@trivet/platform";
import { sql } from "drizzle-orm";
import { databaseFault } from "./faults.ts";
import type { Database } from "./open.ts";

/** Resolves when the database answers; throws `unavailable` or `deadline_exceeded`. */
export async function pingDatabase(db: Database, timeoutMs: number): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new TrivetError("deadline_exceeded", `The database did not answer within ${timeoutMs} ms.`)),
    timeoutMs,
  );
  try {
    await Promise.race([db.execute(sql`select 1`), late]);
  } catch (error) {
    throw databaseFault(error) ?? error;
  } finally {
    clearTimeout(timer);
  }
}
