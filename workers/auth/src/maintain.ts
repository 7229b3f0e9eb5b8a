import { describeError } from "@trivet/platform";
import { sweepOutbox } from "./accounts/announce.ts";
import type { Deps } from "./deps.ts";
import { sweepBrakes } from "./queries/brakes.ts";
import { sweepMails } from "./queries/mails.ts";
import { sweepSessions } from "./queries/sessions.ts";
import { sweepSigningKeys } from "./queries/signing-keys.ts";
import { sweepVerifications } from "./queries/verifications.ts";
import { idleLifetime } from "./sessions/lifetime.ts";

const sweepEvery = 600_000;
const brakesAreKept = 24 * 3_600_000;
const addressesAreKnown = 180 * 24 * 3_600_000;

let sweptAt = Date.now();
let warned = false;

/** Work that any invocation may find due, done after its answer. Never more than once in a while per process. */
export function maintain(deps: Deps): void {
  warnAboutMail(deps);
  sweepOutbox(deps);
  if (Date.now() - sweptAt < sweepEvery) return;
  sweptAt = Date.now();
  deps.invocation.waitUntil(
    removeExpired(deps).catch((error: unknown) => {
      deps.invocation.log.warn("What has expired could not be removed", { fault: describeError(error) });
    }),
  );
}

/** Once per process, where it matters: nobody should find out from users who wait for a mail. */
function warnAboutMail({ env, invocation }: Deps): void {
  if (warned || env.TRIVET_ENV !== "production") return;
  warned = true;
  invocation.log.warn(
    "No mail leaves this system yet: confirmation and reset links wait in auth.mails until they expire",
  );
}

/** Deletes what nobody can use any more. */
export async function removeExpired({ db }: Pick<Deps, "db">): Promise<void> {
  const now = new Date();
  const ago = (milliseconds: number) => new Date(now.getTime() - milliseconds);
  await sweepSessions(db, now, ago(idleLifetime));
  await sweepVerifications(db, now);
  await sweepMails(db, now);
  await sweepSigningKeys(db, now);
  await sweepBrakes(db, ago(brakesAreKept), ago(addressesAreKnown));
}
