import { userUpdated } from "@trivet/contracts";
import { assertMatches } from "@trivet/http";
import type { UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { acceptPendingRequests } from "../follow-requests/accept-pending-requests.ts";
import { given } from "../given.ts";
import { updateProfileRow } from "../queries/profiles.ts";
import type { OwnProfile, ProfileUpdate } from "../schemas.ts";
import { holdingOwn } from "./holding-own.ts";
import { readOwnProfile } from "./read-own-profile.ts";

/**
 * Replaces the given fields of the actor's profile. `ifMatch` is the ETag of the profile that the
 * change was made on; throws `precondition_failed` when it has changed since.
 *
 * A public account leaves nobody waiting: going public accepts all pending follow requests.
 */
export async function updateProfile(
  deps: Deps,
  actor: UserActor,
  update: ProfileUpdate,
  ifMatch: string | undefined,
): Promise<OwnProfile> {
  const profile = await holdingOwn(deps, actor.id, async (tx, announce, { profile: current }) => {
    assertMatches(ifMatch, current);
    const updated = { ...current, ...given(update) };
    const fields = changedFields(current, update);
    if (fields.length === 0) return current;
    await updateProfileRow(tx, actor.id, update);
    await announce(userUpdated, actor.id, { userId: actor.id, fields });
    return updated;
  });
  // Also when it was public before: a repeat finishes what a crash cut short.
  if (update.isPrivate !== false || (await acceptPendingRequests(deps, actor.id)) === 0) return profile;
  return await readOwnProfile(deps, actor);
}

const updatable = ["name", "bio", "avatarUrl", "isPrivate"] as const;

const changedFields = (current: OwnProfile, update: ProfileUpdate): string[] =>
  updatable.filter((field) => update[field] !== undefined && update[field] !== current[field]);
