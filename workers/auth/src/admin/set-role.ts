import type { Role, UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { removeImpersonations } from "../queries/sessions.ts";
import { updateUser } from "../queries/users.ts";
import type { User } from "../tables.ts";
import { audited } from "./audited.ts";
import { assertOther, found } from "./ban-user.ts";

/** The account's next access token carries the new role. Throws `not_found`, `unprocessable`. */
export async function setRole(deps: Deps, actor: UserActor, id: string, role: Role): Promise<User> {
  assertOther(actor, id);
  return await audited(deps, actor, { action: "user.set_role", subjectId: id, details: { role } }, async (tx) => {
    if (role !== "admin") await removeImpersonations(tx, id);
    return found(await updateUser(tx, id, { role }));
  });
}
