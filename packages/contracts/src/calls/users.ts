import { defineCall } from "@trivet/platform";
import { z } from "zod";
import { id, username } from "../text.ts";

/** A person as other services show them beside their own data. */
export const profileCard = z.object({
  id,
  username,
  name: z.string(),
  avatarUrl: z.string().nullable(),
  isPrivate: z.boolean(),
});

export type ProfileCard = z.infer<typeof profileCard>;

/** The most ids one batch may ask for. */
export const batchLimit = 100;

export const getProfiles = defineCall({
  service: "users",
  callers: ["auth", "posts", "notifications", "realtime", "analytics"],
  method: "get",
  path: "/batch",
  summary: "Read many profiles at once; unknown ids are left out",
  encryption: "required",
  query: z.object({
    ids: z.string().meta({ description: `Up to ${batchLimit} UUIDs, separated by commas` }),
  }),
  reply: z.object({ items: z.array(profileCard) }),
});

export const getUserCount = defineCall({
  service: "users",
  callers: ["analytics"],
  method: "get",
  path: "/count",
  summary: "Count all users",
  reply: z.object({ count: z.int().nonnegative() }),
});
