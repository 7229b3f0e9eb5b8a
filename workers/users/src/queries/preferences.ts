import type { Database, Transaction } from "@trivet/db";
import { eq } from "drizzle-orm";
import type { NotificationChoices, Preferences } from "../schemas.ts";
import { preferences } from "../tables.ts";

/** Preferences as stored: of the notifications only what the user has decided. */
export type ChosenPreferences = Omit<Preferences, "notifications"> & { notifications: NotificationChoices };

/** Undefined for a user who has never chosen anything. */
export async function selectPreferences(db: Database, userId: string): Promise<ChosenPreferences | undefined> {
  const { theme, locale, timeZone, notifications } = preferences;
  const [row] = await db
    .select({ theme, locale, timeZone, notifications })
    .from(preferences)
    .where(eq(preferences.userId, userId));
  return row;
}

/** The user's profile row is held, so that two changes cannot overwrite one another. */
export async function upsertPreferences(tx: Transaction, userId: string, chosen: ChosenPreferences): Promise<void> {
  await tx
    .insert(preferences)
    .values({ userId, ...chosen })
    .onConflictDoUpdate({ target: preferences.userId, set: chosen });
}

export async function deletePreferences(tx: Transaction, userId: string): Promise<void> {
  await tx.delete(preferences).where(eq(preferences.userId, userId));
}
