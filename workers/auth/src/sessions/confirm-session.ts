import type { UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { confirmIdentity, type Proof } from "../passwords/confirm-identity.ts";
import { noteConfirmation } from "../queries/sessions.ts";
import { requireOwnSession } from "./require-session.ts";

/**
 * Lets the session stand for its owner for five minutes, by what they show. Throws `invalid_credentials`,
 * `rate_limited`.
 */
export async function confirmSession(deps: Deps, actor: UserActor, proof: Proof): Promise<void> {
  const live = await requireOwnSession(deps, actor);
  await confirmIdentity(deps, live, proof);
  await noteConfirmation(deps.db, live.session.id, new Date());
}
