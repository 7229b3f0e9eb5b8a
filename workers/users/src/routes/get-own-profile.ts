import { access, json, withEtag } from "@trivet/http";
import { route } from "../deps.ts";
import { readOwnProfile } from "../profiles/read-own-profile.ts";
import { ownProfile } from "../schemas.ts";

export const getOwnProfile = route(
  {
    method: "get",
    path: "/users/profile",
    summary: "Read one's own profile",
    description: "With the email address and the preferences, which nobody else gets to see.",
    access: access.user,
    encryption: "optional",
    responses: { 200: json(ownProfile, "The caller's profile") },
    errors: ["not_found"],
    etag: true,
  },
  async (c) => withEtag(c, await readOwnProfile(c.var.deps, c.var.actor)),
);
