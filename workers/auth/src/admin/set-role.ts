import type { Role, UserActor } from "@trivet/platform";
import { deliverSoon } from "../accounts/announce.ts";
import type { Deps } from "../deps.ts";
import { updateUser } from "../queries/users.ts";
import { revokeImpersonations } from "../sessions/revoke-sessions.ts";
import type { User } from "../tables.ts";
import { audited } from "./audited.ts";
import { assertOther, found } from "./ban-user.ts";

/** The account's next access token carries the new role. Throws `not_found`, `unprocessable`. */
export async function setRole(deps: Deps, actor: UserActor, id: string, role: Role): Promise<User> {
  assertOther(actor, id);
  const act = { action: "user.set_role", subjectId: id, details: { role } } as const;
  const user = await audited(deps, actor, act, async (tx) => {
    if (role !== "admin") await revokeImpersonations(deps, tx, id);
    return found(await updateUser(tx, id, { role }));
  });
  deliverSoon(deps);
  return user;
}
