import { TrivetError, type UserActor } from "@trivet/platform";
import { type Deps, engineOf } from "../deps.ts";
import { assertCanSign } from "../keys/keyring.ts";
import { confirmIdentity, type Proof } from "../passwords/confirm-identity.ts";
import { requireOwnSession } from "../sessions/require-session.ts";

export interface Enrolment {
  /** For the QR code. */
  uri: string;
  /** The same key in base32, to type. */
  secret: string;
  recoveryCodes: string[];
}

/**
 * Makes the secret and the recovery codes of a second factor, shown this once. It is not in force
 * before a first code has been confirmed.
 *
 * Throws `confirmation_required`, `invalid_credentials`, and `conflict` when a second factor is in force.
 */
export async function enableTwoFactor(deps: Deps, actor: UserActor, proof: Proof): Promise<Enrolment> {
  const live = await requireOwnSession(deps, actor);
  const { user } = live;
  await assertCanSign(deps);
  await confirmIdentity(deps, live, proof);
  if (user.twoFactorEnabled) throw new TrivetError("conflict", "A second factor is in force. Disable it first.");
  const { uri, recoveryCodes } = await engineOf(deps, deps.db).enrolTwoFactor(user.id);
  return { uri, secret: new URL(uri).searchParams.get("secret") ?? "", recoveryCodes };
}
