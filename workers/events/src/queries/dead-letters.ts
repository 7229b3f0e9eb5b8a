import type { Database } from "@trivet/db";
import { deadLetters } from "../tables.ts";

export type NewDeadLetter = typeof deadLetters.$inferInsert;

/** A letter that comes again is there already, and stays as it is. */
export async function insertDeadLetters(db: Database, letters: readonly NewDeadLetter[]): Promise<void> {
  await db
    .insert(deadLetters)
    .values([...letters])
    .onConflictDoNothing({ target: [deadLetters.queue, deadLetters.messageId] });
}
