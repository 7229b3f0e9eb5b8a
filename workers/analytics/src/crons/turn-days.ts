import type { Deps } from "../deps.ts";
import { dropPartitions, ensurePartitions } from "../queries/partitions.ts";
import { deleteRequests } from "../queries/request-metrics.ts";
import { deleteSalts } from "../queries/salts.ts";
import { forgetSeenEvents } from "../queries/seen-events.ts";
import { day } from "../time/zone.ts";
import { eraseUsers } from "./erase-users.ts";

/**
 * Deletes yesterday's salt, makes the days to come, lets go of those that were kept for long enough, and of users who are
 * gone. A repeat finds nothing left to do.
 */
export async function turnDays(deps: Deps): Promise<void> {
  const { db, env, answers, replays } = deps;
  const now = Date.now();
  const oldest = now - env.ANALYTICS_RETENTION_DAYS * day;
  await deleteSalts(db, new Date(now).toISOString().slice(0, 10));
  await ensurePartitions(db, now);
  await forgetSeenEvents(db);
  await deleteRequests(db, oldest);
  await answers.sweep();
  await replays.sweep();
  await eraseUsers(deps);
  await dropPartitions(db, oldest);
}
