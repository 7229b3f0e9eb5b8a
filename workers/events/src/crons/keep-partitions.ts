import { transaction } from "@trivet/db";
import type { Deps } from "../deps.ts";
import { dayOf, daysFrom } from "../log/days.ts";
import { createPartition, dropPartition, selectPartitions } from "../queries/partitions.ts";

/** Days for which partitions are made ahead, so that no event waits for one. */
const ahead = 3;

/** Makes the partitions of the days to come and drops those whose time is over. A repeat finds nothing to do. */
export async function keepPartitions({ db, env }: Pick<Deps, "db" | "env">): Promise<void> {
  const today = dayOf(Date.now());
  for (let count = 0; count <= ahead; count += 1) {
    await transaction(db, (tx) => createPartition(tx, daysFrom(today, count)));
  }
  const oldest = daysFrom(today, -env.EVENTS_RETENTION_DAYS);
  const over = (await selectPartitions(db)).filter(({ begins }) => begins < oldest.begins);
  for (const day of over) await transaction(db, (tx) => dropPartition(tx, day));
}
