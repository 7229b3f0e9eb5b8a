import type { UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { effectivePreferences } from "../preferences/effective-preferences.ts";
import { selectPreferences } from "../queries/preferences.ts";
import { selectOwn } from "../queries/profiles.ts";
import type { OwnProfile } from "../schemas.ts";
import { ensureProfile } from "./ensure-profile.ts";
import { noSuchUser } from "./no-such-user.ts";

/** The actor's profile with what only they may see. */
export async function readOwnProfile(deps: Deps, actor: UserActor): Promise<OwnProfile> {
  const found = await findOwn(deps, actor.id);
  if (found) return found;
  await ensureProfile(deps, actor.id);
  const repaired = await findOwn(deps, actor.id);
  if (!repaired) throw noSuchUser();
  return repaired;
}

async function findOwn({ db }: Deps, id: string): Promise<OwnProfile | undefined> {
  const [own, chosen] = await Promise.all([selectOwn(db, id), selectPreferences(db, id)]);
  return own && { ...own, preferences: effectivePreferences(chosen) };
}
