import type { UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { selectViewed } from "../queries/profiles.ts";
import type { ViewedProfile } from "../schemas.ts";
import { ensureProfile } from "./ensure-profile.ts";
import { noSuchUser } from "./no-such-user.ts";

/** A profile as the actor sees it. Throws `not_found`, also where either has blocked the other. */
export async function readProfile(deps: Deps, actor: UserActor, id: string): Promise<ViewedProfile> {
  const found = await selectViewed(deps.db, actor.id, id);
  if (found) return found;
  await ensureProfile(deps, id);
  const repaired = await selectViewed(deps.db, actor.id, id);
  if (!repaired) throw noSuchUser();
  return repaired;
}
