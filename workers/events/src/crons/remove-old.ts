import type { Deps } from "../deps.ts";
import { deleteOldLetters } from "../queries/dead-letters.ts";
import { deleteReplays } from "../queries/replays.ts";

const day = 86_400_000;
/** Rows of one statement. */
const batch = 1_000;

/**
 * Removes dead letters, and replays that have ended, `DEAD_LETTERS_RETENTION_DAYS` after somebody last had to do with
 * them: a letter's day counts from when it was driven again, or else from when it died.
 */
export async function removeOld({ db, env, invocation }: Deps): Promise<void> {
  const before = new Date(Date.now() - env.DEAD_LETTERS_RETENTION_DAYS * day).toISOString();
  let unseen = 0;
  for (let removed = batch; removed === batch; ) {
    const letters = await deleteOldLetters(db, before, batch);
    unseen += letters.filter(({ redrivenAt }) => redrivenAt === null).length;
    removed = letters.length;
  }
  // They are lost now: somebody should hear of it.
  if (unseen > 0) invocation.log.warn("{unseen} dead letters were removed that nobody drove again", { unseen });
  while ((await deleteReplays(db, before, batch)) === batch);
}
