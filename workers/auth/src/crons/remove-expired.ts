import type { Deps } from "../deps.ts";
import { sweepBrakes } from "../queries/brakes.ts";
import { sweepMails } from "../queries/mails.ts";
import { sweepSessions } from "../queries/sessions.ts";
import { sweepSigningKeys } from "../queries/signing-keys.ts";
import { sweepVerifications } from "../queries/verifications.ts";
import { idleLifetime } from "../sessions/lifetime.ts";

const brakesAreKept = 24 * 3_600_000;
const addressesAreKnown = 180 * 24 * 3_600_000;

/** Deletes what nobody can use any more. A repeat finds nothing left to delete. */
export async function removeExpired({ db, answers, replays }: Pick<Deps, "db" | "answers" | "replays">): Promise<void> {
  const now = new Date();
  const ago = (milliseconds: number) => new Date(now.getTime() - milliseconds);
  await sweepSessions(db, now, ago(idleLifetime));
  await sweepVerifications(db, now);
  await sweepMails(db, now);
  await sweepSigningKeys(db, now);
  await answers.sweep();
  await replays.sweep();
  await sweepBrakes(db, ago(brakesAreKept), ago(addressesAreKnown));
}
