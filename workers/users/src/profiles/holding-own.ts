import type { Transaction } from "@trivet/db";
import type { Deps } from "../deps.ts";
import { type Announce, announcing } from "../events/announcing.ts";
import { effectivePreferences } from "../preferences/effective-preferences.ts";
import { type ChosenPreferences, selectPreferences } from "../queries/preferences.ts";
import { lockOwn } from "../queries/profiles.ts";
import type { OwnProfile } from "../schemas.ts";
import { ensureProfile } from "./ensure-profile.ts";
import { noSuchUser } from "./no-such-user.ts";

/** One's profile and preferences, which nobody else changes meanwhile. */
export interface Held {
  profile: OwnProfile;
  chosen: ChosenPreferences | undefined;
}

/** Runs `effect` in a transaction that holds my own profile. Throws `not_found` when I have none. */
export async function holdingOwn<Result>(
  deps: Deps,
  myId: string,
  effect: (tx: Transaction, announce: Announce, held: Held) => Promise<Result>,
): Promise<Result> {
  const attempt = () =>
    announcing(deps, async (tx, announce) => {
      const own = await lockOwn(tx, myId);
      if (!own) return undefined;
      const chosen = await selectPreferences(tx, myId);
      const profile = { ...own, preferences: effectivePreferences(chosen) };
      return { result: await effect(tx, announce, { profile, chosen }) };
    });
  const first = await attempt();
  if (first) return first.result;
  await ensureProfile(deps, myId);
  const second = await attempt();
  if (!second) throw noSuchUser();
  return second.result;
}
