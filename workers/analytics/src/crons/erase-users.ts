import { type Database, transaction } from "@trivet/db";
import type { Deps } from "../deps.ts";
import { anonymise, deleteErasures, selectErasures } from "../queries/erasures.ts";
import { selectPartitions } from "../queries/partitions.ts";
import { waitForRollups } from "../queries/rollups.ts";

/** Users that are looked for in one reading of all events. */
const together = 1_000;

/**
 * Makes the events of users who are gone those of nobody: all of one user's get the same random id, so that what was
 * counted stays true. A repeat finds their ids nowhere, or finishes what was cut short.
 */
export async function eraseUsers({ db }: Pick<Deps, "db">): Promise<void> {
  for (;;) {
    const visitors = await selectErasures(db, together);
    if (visitors.length === 0) return;
    for (const partition of await selectPartitions(db)) {
      for (let after: number | undefined = 0; after !== undefined; )
        after = await eraseNext(db, partition, visitors, after);
    }
    await deleteErasures(db, visitors);
  }
}

const eraseNext = (db: Database, partition: string, visitors: readonly string[], after: number) =>
  transaction(db, async (tx) => {
    await waitForRollups(tx);
    return await anonymise(tx, partition, visitors, after);
  });
