import type { UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { selectViewedByUsername } from "../queries/profiles.ts";
import type { ViewedProfile } from "../schemas.ts";
import { noSuchUser } from "./no-such-user.ts";

/** As `readProfile`, by username in any case. A profile that has not arrived yet cannot be repaired by name. */
export async function readProfileByUsername(deps: Deps, actor: UserActor, username: string): Promise<ViewedProfile> {
  const found = await selectViewedByUsername(deps.db, actor.id, username);
  if (!found) throw noSuchUser();
  return found;
}
