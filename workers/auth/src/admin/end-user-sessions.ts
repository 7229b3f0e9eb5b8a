import type { UserActor } from "@trivet/platform";
import { deliverSoon } from "../accounts/announce.ts";
import type { Deps } from "../deps.ts";
import { lockUser } from "../queries/users.ts";
import { revokeSessions } from "../sessions/revoke-sessions.ts";
import { audited } from "./audited.ts";
import { found } from "./ban-user.ts";

/** Logs somebody out everywhere, without shutting their account. Throws `not_found`. */
export async function endUserSessions(deps: Deps, actor: UserActor, id: string): Promise<void> {
  await audited(deps, actor, { action: "user.end_sessions", subjectId: id }, async (tx) => {
    found(await lockUser(tx, id));
    await revokeSessions(deps, tx, id);
  });
  deliverSoon(deps);
}
