import { access, json, withEtag } from "@trivet/http";
import { route } from "../deps.ts";
import { readProfileByUsername } from "../profiles/read-profile-by-username.ts";
import { usernameParams, viewedProfile } from "../schemas.ts";

export const getProfileByUsername = route(
  {
    method: "get",
    path: "/users/by-username/{name}",
    summary: "Read a profile by username",
    description: "Upper and lower case do not matter.",
    access: access.user,
    request: { params: usernameParams },
    responses: { 200: json(viewedProfile, "The profile, and how it stands to the caller") },
    errors: ["not_found"],
    etag: true,
  },
  async (c) => withEtag(c, await readProfileByUsername(c.var.deps, c.var.actor, c.req.valid("param").name)),
);
