import { given } from "../given.ts";
import type { ChosenPreferences } from "../queries/preferences.ts";
import { notificationCategories, type Preferences } from "../schemas.ts";
import { eachName } from "./each-name.ts";

/** What holds for a user who has chosen nothing. */
export const unchosen: ChosenPreferences = { theme: "system", locale: "en", timeZone: "UTC", notifications: {} };

/** Mail is opt-in, except where missing it costs money or the account. */
const mailedByDefault: readonly string[] = ["payments", "account"];

/** A user's choices, completed by the defaults. */
export const effectivePreferences = ({ notifications, ...chosen }: ChosenPreferences = unchosen): Preferences => ({
  ...chosen,
  notifications: eachName(notificationCategories, (category) => ({
    inApp: true,
    email: mailedByDefault.includes(category),
    push: true,
    ...given(notifications[category] ?? {}),
  })),
});
