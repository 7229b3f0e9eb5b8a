import type { UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { readOwnProfile } from "../profiles/read-own-profile.ts";
import type { Preferences } from "../schemas.ts";

/** The actor's preferences, defaults filled in. */
export async function readPreferences(deps: Deps, actor: UserActor): Promise<Preferences> {
  return (await readOwnProfile(deps, actor)).preferences;
}
