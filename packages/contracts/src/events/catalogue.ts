import { z } from "zod";
import { id, text } from "../text.ts";

/** One kind of event: its name, the service that publishes it and the shape of its data. */
export interface EventContract<Name extends string = string, Data extends z.ZodObject = z.ZodObject> {
  name: Name;
  version: number;
  service: string;
  summary: string;
  /** The field of its data that holds the id of what it is about. */
  subject: string;
  /** Ids and facts, no personal data: the log of events is kept long after an account is gone. */
  data: Data;
}

const defineEvent = <const Name extends string, Data extends z.ZodObject>(
  event: EventContract<Name, Data>,
): EventContract<Name, Data> => event;

export const userCreated = defineEvent({
  name: "user.created",
  version: 1,
  service: "auth",
  summary: "An account was registered",
  subject: "userId",
  data: z.object({ userId: id }),
});

export const userDeleted = defineEvent({
  name: "user.deleted",
  version: 1,
  service: "auth",
  summary: "An account was deleted; every service erases what it holds of the user",
  subject: "userId",
  data: z.object({ userId: id }),
});

export const userEmailVerified = defineEvent({
  name: "user.email_verified",
  version: 1,
  service: "auth",
  summary: "The owner of an account has proven that its address is theirs",
  subject: "userId",
  data: z.object({ userId: id }),
});

export const sessionRevoked = defineEvent({
  name: "session.revoked",
  version: 1,
  service: "auth",
  summary: "A session of the subject was ended before its time; its last access token lasts ten minutes at most",
  subject: "userId",
  data: z.object({ userId: id, sessionId: id }),
});

export const userUpdated = defineEvent({
  name: "user.updated",
  version: 1,
  service: "users",
  summary: "A profile was changed",
  subject: "userId",
  data: z.object({
    userId: id,
    fields: z
      .array(text({ min: 1, max: 100 }))
      .max(100)
      .meta({ description: "The names of what changed" }),
  }),
});

export const settingsUpdated = defineEvent({
  name: "settings.updated",
  version: 1,
  service: "users",
  summary: "Somebody changed their preferences",
  subject: "userId",
  data: z.object({ userId: id }),
});

const follow = z.object({ followerId: id, followeeId: id });

// The subject of these is who follows, or asks to: events of one subject are delivered one after the
// other, and one user may be followed by very many at once.

export const userFollowed = defineEvent({
  name: "user.followed",
  version: 1,
  service: "users",
  summary: "The subject follows somebody",
  subject: "followerId",
  data: follow,
});

export const userUnfollowed = defineEvent({
  name: "user.unfollowed",
  version: 1,
  service: "users",
  summary: "The subject no longer follows somebody, by whosever wish",
  subject: "followerId",
  data: follow,
});

export const userFollowRequested = defineEvent({
  name: "user.follow_requested",
  version: 1,
  service: "users",
  summary: "The subject asks to follow somebody whose account is private",
  subject: "requesterId",
  data: z.object({ requesterId: id, targetId: id }),
});

export const events = {
  [userCreated.name]: userCreated,
  [userDeleted.name]: userDeleted,
  [userEmailVerified.name]: userEmailVerified,
  [sessionRevoked.name]: sessionRevoked,
  [userUpdated.name]: userUpdated,
  [settingsUpdated.name]: settingsUpdated,
  [userFollowed.name]: userFollowed,
  [userUnfollowed.name]: userUnfollowed,
  [userFollowRequested.name]: userFollowRequested,
} as const;

export type EventName = keyof typeof events;

/** What older programs call an event: `USER_CREATED` is `user.created`. */
export const legacyNameOf = (name: string): string => name.toUpperCase().replaceAll(".", "_");

/** The event of a name, its own or the older one; undefined where there is none. */
export const eventNamed = (name: string): EventContract | undefined => byName.get(name);

const byName = new Map<string, EventContract>(
  Object.values(events).flatMap((event) => [
    [event.name, event],
    [legacyNameOf(event.name), event],
  ]),
);

/**
 * Who listens to what. A service that handles an event has a row here, a file in `src/events/`, and an inbox queue, to
 * which `workers/events` sends.
 */
export const subscriptions: Record<string, readonly EventName[]> = {
  users: ["user.created", "user.deleted"],
  // It counts whatever happens.
  analytics: Object.values(events).map(({ name }) => name),
};

export const subscribersOf = (event: string): string[] =>
  Object.keys(subscriptions).filter((service) => subscriptions[service]?.some((name) => name === event));
