import { deleteAccount } from "@trivet/contracts";
import { TrivetError, type UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { eraseProfile } from "./erase-profile.ts";

/**
 * Deletes the actor's account. Auth decides: it asks for a session of the actor's own (`unauthenticated`, `forbidden`)
 * that was shown to be theirs not long ago (`confirmation_required`), and while it cannot be reached nothing is deleted
 * anywhere (`unavailable`). Once it has deleted the account, every service erases its share on `user.deleted`; here that
 * need not be waited for.
 */
export async function deleteProfile(deps: Deps, actor: UserActor): Promise<void> {
  try {
    await deps.call(deps.env.AUTH, deleteAccount, { params: { id: actor.id }, query: { sessionId: actor.sessionId } });
  } catch (error) {
    // A repeat of a deletion that went through.
    if (!(error instanceof TrivetError) || error.code !== "not_found") throw error;
  }
  await eraseProfile(deps, actor.id);
}
