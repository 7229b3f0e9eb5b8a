import { id, profileCard, text, timeZone, username } from "@trivet/contracts";
import { z } from "zod";
import { eachName } from "./preferences/each-name.ts";

const counts = {
  followerCount: z.int().nonnegative(),
  followingCount: z.int().nonnegative(),
};

/** What anybody may know of anybody who has not blocked them; private accounts included. */
const profile = profileCard.extend({ bio: z.string(), ...counts, createdAt: z.iso.datetime() }).meta({ id: "Profile" });

export type Profile = z.output<typeof profile>;

/** A profile as somebody sees it: with how the two stand to each other. All false on one's own. */
export const viewedProfile = profile
  .extend({
    followedByMe: z.boolean().meta({ description: "The caller follows this user" }),
    followsMe: z.boolean().meta({ description: "This user follows the caller" }),
    requested: z.boolean().meta({ description: "The caller has asked to follow this private account" }),
  })
  .meta({ id: "ViewedProfile" });

export type ViewedProfile = z.output<typeof viewedProfile>;

export const followState = viewedProfile
  .pick({ followedByMe: true, requested: true })
  .meta({ id: "FollowState", description: "Following at once, or asked, when the account is private" });

export type FollowState = z.output<typeof followState>;

export const userCard = profileCard.meta({ id: "UserCard", description: "A user in a list" });

export type UserCard = z.output<typeof userCard>;

/** What a notification is about. */
export const notificationCategories = [
  "follows",
  "likes",
  "replies",
  "mentions",
  "shares",
  "jobs",
  "payments",
  "reminders",
  "account",
] as const;

/** How a notification reaches somebody. */
const notificationChannels = ["inApp", "email", "push"] as const;

const channels = z.strictObject(eachName(notificationChannels, () => z.boolean()));
const notificationMatrix = z.strictObject(eachName(notificationCategories, () => channels));
const notificationChoices = z.strictObject(eachName(notificationCategories, () => channels.partial().optional()));

export type NotificationChoices = z.output<typeof notificationChoices>;

const theme = z.enum(["system", "light", "dark"]);

export type Theme = z.output<typeof theme>;

/** A BCP 47 language tag, stored in its canonical spelling. */
const locale = text({ min: 2, max: 35 })
  .refine((tag) => canonicalLocale(tag) !== undefined, { error: "must be a BCP 47 language tag, such as de-CH" })
  .transform((tag) => canonicalLocale(tag) ?? tag)
  .meta({ example: "de-CH" });

export const preferences = z
  .object({ theme, locale: z.string(), timeZone: z.string(), notifications: notificationMatrix })
  .meta({ id: "Preferences" });

export type Preferences = z.output<typeof preferences>;

/** Fields that are left out stay as they are, down to the single channel of a category. */
export const preferencesUpdate = z
  .strictObject({ theme, locale, timeZone, notifications: notificationChoices })
  .partial()
  .meta({ id: "PreferencesUpdate" });

export type PreferencesUpdate = z.output<typeof preferencesUpdate>;

/** One's own profile: what others see, and what is nobody else's business. */
export const ownProfile = profile.extend({ email: z.string(), preferences }).meta({ id: "OwnProfile" });

export type OwnProfile = z.output<typeof ownProfile>;

/** Fields that are left out stay as they are. The username belongs to auth and cannot be changed here. */
export const profileUpdate = z
  .strictObject({
    name: text({ max: 80 }),
    bio: text({ max: 500 }),
    avatarUrl: text({ max: 2048 }).refine(isHttpsUrl, { error: "must be an https URL without credentials" }).nullable(),
    isPrivate: z.boolean().meta({ description: "Going public accepts every follow request that is waiting" }),
  })
  .partial()
  .meta({ id: "ProfileUpdate" });

export type ProfileUpdate = z.output<typeof profileUpdate>;

export const userStats = profile
  .pick({ id: true, followerCount: true, followingCount: true, createdAt: true })
  .meta({ id: "UserStats" });

export type UserStats = z.output<typeof userStats>;

export const userCount = z.object({ count: z.int().nonnegative() }).meta({ id: "UserCount" });

export const ifMatchHeader = z.object({
  "if-match": z.string().optional().meta({ description: "The `ETag` of what the change was made on" }),
});

export const userParams = z.object({ id });
export const usernameParams = z.object({ name: username });

/** Two characters at least: one would match a good part of all users and tell nobody anything. */
export const searchParams = z.object({
  query: text({ min: 2, max: 80 }).refine((query) => query.trim().length >= 2, {
    error: "must have at least 2 characters other than spaces around them",
  }),
});

function canonicalLocale(tag: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(tag)[0];
  } catch {
    return undefined;
  }
}

function isHttpsUrl(value: string): boolean {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  return url?.protocol === "https:" && url.username === "" && url.password === "";
}
