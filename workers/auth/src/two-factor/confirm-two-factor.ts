import { transaction } from "@trivet/db";
import { TrivetError, type UserActor } from "@trivet/platform";
import { deliverSoon } from "../accounts/announce.ts";
import { brakeConfirmation } from "../brakes/brakes.ts";
import type { Deps } from "../deps.ts";
import { notify } from "../mail/notify.ts";
import { findTwoFactor, confirmTwoFactor as markConfirmed, updateUser } from "../queries/users.ts";
import { requireOwnSession } from "../sessions/require-session.ts";
import { revokeSessions } from "../sessions/revoke-sessions.ts";
import { acceptTotp } from "./verify-second-factor.ts";

/**
 * Puts the second factor in force once a code shows that the app has the secret. Sessions that were
 * opened without it end, except this one.
 *
 * Throws `conflict` when none is waiting, `invalid_credentials` for a wrong code.
 */
export async function confirmTwoFactor(deps: Deps, actor: UserActor, { code }: { code: string }): Promise<void> {
  const { user } = await requireOwnSession(deps, actor);
  const waiting = await findTwoFactor(deps.db, user.id);
  if (!waiting || waiting.verified) throw new TrivetError("conflict", "No second factor is waiting to be confirmed.");
  const brake = await brakeConfirmation(deps, user.id);
  if (!(await acceptTotp(deps, user.id, code))) throw new TrivetError("invalid_credentials", "The code is wrong.");
  await brake.release();
  await transaction(deps.db, async (tx) => {
    await updateUser(tx, user.id, { twoFactorEnabled: true });
    await markConfirmed(tx, user.id);
    await revokeSessions(deps, tx, user.id, actor.sessionId);
  });
  notify(deps, user.id, "two-factor.enabled");
  deliverSoon(deps);
}
