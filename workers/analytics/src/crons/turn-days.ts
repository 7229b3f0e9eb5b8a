import type { Deps } from "../deps.ts";
import { dropPartitions, ensurePartitions } from "../queries/partitions.ts";
import { deleteSalts } from "../queries/salts.ts";
import { forgetSeenEvents } from "../queries/seen-events.ts";
import { day } from "../time/zone.ts";

/**
 * Deletes yesterday's salt, makes the days to come, and lets go of those that were kept for long enough. A repeat finds
 * nothing left to do.
 */
export async function turnDays({ db, env }: Deps): Promise<void> {
  const now = Date.now();
  await deleteSalts(db, new Date(now).toISOString().slice(0, 10));
  await ensurePartitions(db, now);
  await forgetSeenEvents(db);
  await dropPartitions(db, now - env.ANALYTICS_RETENTION_DAYS * day);
}
