import { newId, TrivetError, type UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { assertCanSign } from "../keys/keyring.ts";
import { insertSession } from "../queries/sessions.ts";
import { lockUser } from "../queries/users.ts";
import { accessTokenSeconds, impersonationLifetime } from "../sessions/lifetime.ts";
import { mintAccessToken } from "../tokens/access-token.ts";
import { audited } from "./audited.ts";
import { assertOther, found } from "./ban-user.ts";

/**
 * An access token with which an administrator sees what a user sees. It says who is behind it, cannot
 * be refreshed, and never reaches another administrator's rights. Throws `not_found`, `unprocessable`.
 */
export async function impersonateUser(deps: Deps, actor: UserActor, id: string) {
  assertOther(actor, id);
  await assertCanSign(deps);
  const sessionId = newId();
  const user = await audited(deps, actor, { action: "user.impersonate", subjectId: id }, async (tx) => {
    const target = found(await lockUser(tx, id));
    if (target.role === "admin") throw new TrivetError("unprocessable", "An administrator cannot be impersonated.");
    const expiresAt = new Date(Date.now() + impersonationLifetime);
    await insertSession(tx, { id: sessionId, userId: id, impersonatorId: actor.id, expiresAt });
    return target;
  });
  const accessToken = await mintAccessToken(deps, { user, sessionId, actorId: actor.id });
  return { access_token: accessToken, token_type: "Bearer" as const, expires_in: accessTokenSeconds };
}
