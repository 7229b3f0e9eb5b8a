import { TrivetError } from "@trivet/platform";
import { brakeConfirmation } from "../brakes/brakes.ts";
import type { Deps } from "../deps.ts";
import { findForLogin, type LoginRow } from "../queries/users.ts";
import type { User } from "../tables.ts";
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
 * without a second factor has nothing more to show than its session.
 *
 * Throws `invalid_credentials`, `rate_limited`, or `validation_failed` when nothing was shown.
 */
export async function confirmIdentity(deps: Deps, user: User, { password, code }: Proof): Promise<LoginRow> {
  const row = await findForLogin(deps.db, { id: user.id });
  if (!row) throw new TrivetError("unauthenticated");
  if (password === undefined && code === undefined) {
    if (row.passwordHash === null && !user.twoFactorEnabled) return row;
    throw new TrivetError("validation_failed", undefined, {
      errors: [{ in: "body", pointer: "/password", detail: "is needed, or a code of the second factor" }],
    });
  }
  const brake = await brakeConfirmation(deps, user.id);
  const proven =
    password === undefined
      ? user.twoFactorEnabled && code !== undefined && (await verifySecondFactor(deps, user.id, code))
      : (await checkPassword(row.passwordHash, password)).matches;
  if (!proven) throw new TrivetError("invalid_credentials", "The password or the code is wrong.");
  await brake.release();
  return row;
}
