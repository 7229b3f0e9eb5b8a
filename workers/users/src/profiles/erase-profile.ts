import { type Transaction, transaction } from "@trivet/db";
import type { Deps } from "../deps.ts";
import { countFollows } from "../queries/follows.ts";
import { deletePreferences } from "../queries/preferences.ts";
import { clearProfile, insertErased, lockProfiles } from "../queries/profiles.ts";
import { deleteTies, selectTied } from "../queries/ties.ts";
import { countProfiles } from "../queries/totals.ts";

/** People untied in one transaction: few enough that nobody notices being held. */
const batchSize = 200;

/**
 * Erases everything about a user but their id, which stays taken for good.
 *
 * First the profile, so that they are gone for everybody at once and nobody can tie themselves to
 * them any more; then their ties, batch by batch, with the counts of those at the other end. A run
 * that was cut short is finished by the next: each step takes only what is still there.
 */
export async function eraseProfile(deps: Deps, id: string): Promise<void> {
  await transaction(deps.db, (tx) => bury(tx, id));
  while (true) {
    const others = await selectTied(deps.db, id, batchSize);
    if (others.length === 0) return;
    await transaction(deps.db, (tx) => untie(tx, id, others));
  }
}

async function bury(tx: Transaction, id: string): Promise<void> {
  const now = new Date().toISOString();
  // The insert comes first: it waits for one that is making this very profile.
  if (await insertErased(tx, id, now)) return;
  if (!(await clearProfile(tx, id, now))) return;
  await deletePreferences(tx, id);
  await countProfiles(tx, -1);
}

async function untie(tx: Transaction, id: string, others: string[]): Promise<void> {
  await lockProfiles(tx, [id, ...others]);
  await countFollows(tx, await deleteTies(tx, id, others), -1);
}
