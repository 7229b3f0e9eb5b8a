import { settingsUpdated } from "@trivet/contracts";
import { assertMatches } from "@trivet/http";
import type { UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { given } from "../given.ts";
import { holdingOwn } from "../profiles/holding-own.ts";
import { upsertPreferences } from "../queries/preferences.ts";
import {
  type NotificationChoices,
  notificationCategories,
  type Preferences,
  type PreferencesUpdate,
} from "../schemas.ts";
import { eachName } from "./each-name.ts";
import { effectivePreferences, unchosen } from "./effective-preferences.ts";

/**
 * Replaces the given fields of the actor's preferences, down to single channels. `ifMatch` is the
 * ETag of the preferences the change was made on; throws `precondition_failed` when they changed since.
 */
export async function updatePreferences(
  deps: Deps,
  actor: UserActor,
  { notifications = {}, ...update }: PreferencesUpdate,
  ifMatch: string | undefined,
): Promise<Preferences> {
  return await holdingOwn(deps, actor.id, async (tx, announce, { profile, chosen: before = unchosen }) => {
    assertMatches(ifMatch, profile.preferences);
    const chosen = { ...before, ...given(update), notifications: mergeChoices(before.notifications, notifications) };
    const unchanged = { ...before, notifications: mergeChoices(before.notifications, {}) };
    if (JSON.stringify(chosen) === JSON.stringify(unchanged)) return profile.preferences;
    await Promise.all([
      upsertPreferences(tx, actor.id, chosen),
      announce(settingsUpdated, actor.id, { userId: actor.id }),
    ]);
    return effectivePreferences(chosen);
  });
}

/** Keeps the order of what was there, so that equal choices are equal texts. */
const mergeChoices = (before: NotificationChoices, update: NotificationChoices): NotificationChoices =>
  eachName(notificationCategories, (category) => ({ ...before[category], ...update[category] }));
