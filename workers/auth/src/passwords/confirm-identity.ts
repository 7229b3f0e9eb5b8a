import { TrivetError } from "@trivet/platform";
import { brakeConfirmation } from "../brakes/brakes.ts";
import { costOf, type Deps } from "../deps.ts";
import type { LiveSession } from "../queries/sessions.ts";
import { findForLogin, type LoginRow } from "../queries/users.ts";
import { recentLogin } from "../sessions/lifetime.ts";
import { verifySecondFactor } from "../two-factor/verify-second-factor.ts";
import { checkPassword } from "./check-password.ts";

/** What somebody who is logged in shows once more before something grave. */
export interface Proof {
  password?: string | undefined;
  /** A TOTP or recovery code. */
  code?: string | undefined;
}

/**
 * Makes sure that it is still the owner who holds the session. An account without a password and
 * without a second factor has nothing more to show than its session: that must be a new one.
 *
 * Throws `invalid_credentials`, `rate_limited`, `validation_failed` when nothing was shown, or
 * `unauthenticated` when one has to log in again for it.
 */
export async function confirmIdentity(deps: Deps, { user, session }: LiveSession, proof: Proof): Promise<LoginRow> {
  const row = await findForLogin(deps.db, { id: user.id });
  if (!row) throw new TrivetError("unauthenticated");
  if (proof.password !== undefined || proof.code !== undefined) {
    await verifyProof(deps, row, proof);
    return row;
  }
  if (row.passwordHash !== null || row.user.twoFactorEnabled) {
    throw new TrivetError("validation_failed", undefined, {
      errors: [{ in: "body", pointer: "/password", detail: "is needed, or a code of the second factor" }],
    });
  }
  if (Date.now() - session.createdAt.getTime() <= recentLogin) return row;
  throw new TrivetError("unauthenticated", "This needs a login of the last ten minutes. Log in again first.");
}

/** Compares what was shown with what is stored, under a brake. Throws `invalid_credentials`, `rate_limited`. */
export async function verifyProof(deps: Deps, { user, passwordHash }: LoginRow, shown: Proof): Promise<void> {
  const { password, code } = shown;
  const brake = await brakeConfirmation(deps, user.id);
  const proven =
    password === undefined
      ? user.twoFactorEnabled && code !== undefined && (await verifySecondFactor(deps, user.id, code))
      : (await checkPassword(costOf(deps), passwordHash, password)).matches;
  if (!proven) throw new TrivetError("invalid_credentials", "The password or the code is wrong.");
  await brake.release();
}
