import type { Database } from "@trivet/db";
import { eq, lt } from "drizzle-orm";
import { salts } from "../tables.ts";

/** The salt of a day, `2026-01-31`: the offered one if nobody was first. */
export async function selectSalt(db: Database, day: string, offered: string): Promise<string> {
  await db.insert(salts).values({ day, salt: offered }).onConflictDoNothing();
  const [row] = await db.select({ salt: salts.salt }).from(salts).where(eq(salts.day, day));
  return row?.salt ?? offered;
}

export async function deleteSalts(db: Database, before: string): Promise<void> {
  await db.delete(salts).where(lt(salts.day, before));
}
