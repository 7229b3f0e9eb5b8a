import { type Transaction, transaction } from "@trivet/db";
import { newId, TrivetError, type UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { insertAudit } from "../queries/audit.ts";
import { lockSession } from "../queries/sessions.ts";
import type { User } from "../tables.ts";

type AdminAction =
  | "user.ban"
  | "user.unban"
  | "user.set_role"
  | "user.end_sessions"
  | "user.impersonate"
  | "user.delete"
  | "keys.rotate";

export interface AuditedAct {
  action: AdminAction;
  /** The id of what is acted on. */
  subjectId: string;
  details?: Record<string, string | number | null>;
}

/**
 * Runs an administrator's act and its audit row in one transaction: nothing is done unrecorded and
 * nothing recorded undone.
 */
export async function audited<Result>(
  deps: Deps,
  actor: UserActor,
  { action, subjectId, details = {} }: AuditedAct,
  act: (tx: Transaction) => Promise<Result>,
): Promise<Result> {
  return await transaction(deps.db, async (tx) => {
    await assertAdmin(tx, actor);
    const result = await act(tx);
    const { requestId } = deps.invocation;
    await insertAudit(tx, { id: newId(), actorId: actor.id, action, subjectId, details, requestId });
    return result;
  });
}

/**
 * The token's role is up to ten minutes old, so the account and the session are asked, and locked:
 * an administrator who has just been demoted, banned or logged out does nothing more. Nor does one
 * who acts as somebody else. Throws `forbidden`.
 */
export async function assertAdmin(tx: Transaction, actor: UserActor): Promise<User> {
  const live = actor.impersonatedBy === undefined ? await lockSession(tx, actor.sessionId) : undefined;
  if (live?.user.id === actor.id && live.user.role === "admin") return live.user;
  throw new TrivetError("forbidden", "This needs an administrator's own session.");
}
