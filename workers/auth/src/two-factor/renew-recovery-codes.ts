import { TrivetError, type UserActor } from "@trivet/platform";
import { type Deps, engineOf } from "../deps.ts";
import { confirmIdentity, type Proof } from "../passwords/confirm-identity.ts";
import { requireOwnSession } from "../sessions/require-session.ts";

/** New recovery codes, shown this once; the old ones are worthless. Throws `invalid_credentials`, `conflict`. */
export async function renewRecoveryCodes(deps: Deps, actor: UserActor, proof: Proof): Promise<string[]> {
  const { user } = await requireOwnSession(deps, actor);
  if (!user.twoFactorEnabled) throw new TrivetError("conflict", "No second factor is in force.");
  await confirmIdentity(deps, user, proof);
  return await engineOf(deps, deps.db).renewRecoveryCodes(user.id);
}
