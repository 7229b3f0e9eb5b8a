import { TrivetError, type UserActor } from "@trivet/platform";
import { deliverSoon } from "../accounts/announce.ts";
import type { Deps } from "../deps.ts";
import { updateUser } from "../queries/users.ts";
import { revokeImpersonations, revokeSessions } from "../sessions/revoke-sessions.ts";
import type { User } from "../tables.ts";
import { audited } from "./audited.ts";

/** Shuts an account and ends its sessions. `expiresIn` is in seconds. Throws `not_found`, `unprocessable`. */
export async function banUser(
  deps: Deps,
  actor: UserActor,
  id: string,
  { reason, expiresIn }: { reason: string; expiresIn: number | undefined },
): Promise<User> {
  assertOther(actor, id);
  const act = { action: "user.ban", subjectId: id, details: { reason, expiresIn: expiresIn ?? null } } as const;
  const banned = await audited(deps, actor, act, async (tx) => {
    const bannedUntil = expiresIn === undefined ? null : new Date(Date.now() + expiresIn * 1_000);
    const user = found(await updateUser(tx, id, { banned: true, banReason: reason, bannedUntil }));
    await revokeSessions(deps, tx, id);
    await revokeImpersonations(deps, tx, id);
    return user;
  });
  deliverSoon(deps);
  return banned;
}

/** Throws `not_found`. */
export async function unbanUser(deps: Deps, actor: UserActor, id: string): Promise<User> {
  return await audited(deps, actor, { action: "user.unban", subjectId: id }, async (tx) =>
    found(await updateUser(tx, id, { banned: false, banReason: null, bannedUntil: null })),
  );
}

export function found(user: User | undefined): User {
  if (!user) throw new TrivetError("not_found");
  return user;
}

/** Keeps the last administrator from shutting themselves out. */
export function assertOther(actor: UserActor, id: string): void {
  if (actor.id === id) throw new TrivetError("unprocessable", "An administrator cannot do this to themselves.");
}
