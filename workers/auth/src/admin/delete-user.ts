import type { UserActor } from "@trivet/platform";
import { deliverSoon } from "../accounts/announce.ts";
import { eraseAccount } from "../accounts/delete-account.ts";
import type { Deps } from "../deps.ts";
import { audited } from "./audited.ts";
import { assertOther } from "./ban-user.ts";

/** Throws `not_found`, `unprocessable`. */
export async function deleteUser(deps: Deps, actor: UserActor, id: string): Promise<void> {
  assertOther(actor, id);
  await audited(deps, actor, { action: "user.delete", subjectId: id }, (tx) => eraseAccount(deps, tx, id));
  deliverSoon(deps);
}
