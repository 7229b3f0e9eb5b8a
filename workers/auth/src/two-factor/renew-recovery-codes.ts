import { TrivetError, type UserActor } from "@trivet/platform";
import { type Deps, engineOf } from "../deps.ts";
import { assertCanSign } from "../keys/keyring.ts";
import { notify } from "../mail/notify.ts";
import { confirmIdentity, type Proof } from "../passwords/confirm-identity.ts";
import { requireOwnSession } from "../sessions/require-session.ts";

/** New recovery codes, shown this once; the old ones are worthless. Throws `confirmation_required`, `invalid_credentials`, `conflict`. */
export async function renewRecoveryCodes(deps: Deps, actor: UserActor, proof: Proof): Promise<string[]> {
  const live = await requireOwnSession(deps, actor);
  const { user } = live;
  if (!user.twoFactorEnabled) throw new TrivetError("conflict", "No second factor is in force.");
  await assertCanSign(deps);
  await confirmIdentity(deps, live, proof);
  const codes = await engineOf(deps, deps.db).renewRecoveryCodes(user.id);
  notify(deps, user.id, "recovery-codes.renewed");
  return codes;
}
