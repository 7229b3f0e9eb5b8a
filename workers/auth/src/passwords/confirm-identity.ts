import type { AuthenticationResponseJSON } from "@simplewebauthn/server";
import { TrivetError } from "@trivet/platform";
import { brakeConfirmation } from "../brakes/brakes.ts";
import { costOf, type Deps } from "../deps.ts";
import { acceptPasskey } from "../passkeys/accept-passkey.ts";
import type { LiveSession } from "../queries/sessions.ts";
import { findForLogin, type LoginRow } from "../queries/users.ts";
import { confirmationLifetime, recentLogin } from "../sessions/lifetime.ts";
import { verifySecondFactor } from "../two-factor/verify-second-factor.ts";
import { checkPassword } from "./check-password.ts";

/** What somebody who is logged in shows once more before something grave; one of them. */
export interface Proof {
  password?: string | undefined;
  /** A TOTP or recovery code. */
  code?: string | undefined;
  /** The answer of an authenticator to a challenge for logins. */
  passkey?: AuthenticationResponseJSON | undefined;
}

/**
 * Makes sure that it is still the owner who holds the session, before anything that changes how the
 * account is entered. They show it now, or have just done so at POST /auth/confirm. An account without
 * a password and without a second factor may have nothing more to show than its session: that must be
 * a new one.
 *
 * Throws `confirmation_required`, `invalid_credentials`, `rate_limited`.
 */
export async function confirmIdentity(deps: Deps, { user, session }: LiveSession, proof: Proof): Promise<LoginRow> {
  const row = await findForLogin(deps.db, { id: user.id });
  if (!row) throw new TrivetError("unauthenticated");
  if (Object.values(proof).some((shown) => shown !== undefined)) {
    await verifyProof(deps, row, proof);
    return row;
  }
  if (session.confirmedAt && isWithin(session.confirmedAt, confirmationLifetime)) return row;
  if (row.passwordHash !== null || row.user.twoFactorEnabled) throw new TrivetError("confirmation_required");
  if (isWithin(session.createdAt, recentLogin)) return row;
  throw new TrivetError(
    "confirmation_required",
    "This needs a login of the last ten minutes, or a passkey at POST /auth/confirm.",
  );
}

/**
 * Makes sure that the session was shown not long ago to be its owner's, by its login or at POST /auth/confirm: before what
 * ends the account, and so leaves no way in to whoever found the session open. Throws `confirmation_required`.
 */
export function assertRecentProof({ session }: LiveSession): void {
  if (session.confirmedAt && isWithin(session.confirmedAt, confirmationLifetime)) return;
  if (isWithin(session.createdAt, recentLogin)) return;
  throw new TrivetError(
    "confirmation_required",
    "This needs a login of the last ten minutes, or POST /auth/confirm within the last five.",
  );
}

const isWithin = (moment: Date, milliseconds: number): boolean => Date.now() - moment.getTime() <= milliseconds;

/** Compares what was shown with what is stored, under a brake. Throws `invalid_credentials`, `rate_limited`. */
export async function verifyProof(deps: Deps, row: LoginRow, shown: Proof): Promise<void> {
  const brake = await brakeConfirmation(deps, row.user.id);
  if (!(await proves(deps, row, shown))) {
    throw new TrivetError("invalid_credentials", "The password, the code or the passkey is wrong.");
  }
  await brake.release();
}

async function proves(deps: Deps, { user, passwordHash }: LoginRow, shown: Proof): Promise<boolean> {
  const { password, code, passkey } = shown;
  if (password !== undefined) return (await checkPassword(costOf(deps), passwordHash, password)).matches;
  if (code !== undefined) return user.twoFactorEnabled && (await verifySecondFactor(deps, user.id, code));
  return passkey !== undefined && (await acceptPasskey(deps, passkey)).userId === user.id;
}
