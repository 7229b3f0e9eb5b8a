import type { User } from "../tables.ts";

/** A ban that has run out is none. */
export const isBanned = (user: Pick<User, "banned" | "bannedUntil">, now = new Date()): boolean =>
  user.banned && (user.bannedUntil === null || user.bannedUntil > now);
