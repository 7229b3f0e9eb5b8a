import { access, json, withEtag } from "@trivet/http";
import { route } from "../deps.ts";
import { readProfile } from "../profiles/read-profile.ts";
import { userParams, viewedProfile } from "../schemas.ts";

export const getProfile = route(
  {
    method: "get",
    path: "/users/{id}",
    summary: "Read a profile",
    description:
      "Also of a private account: only its lists are closed. Users who block one another are not there for each other.",
    access: access.user,
    request: { params: userParams },
    responses: { 200: json(viewedProfile, "The profile, and how it stands to the caller") },
    errors: ["not_found"],
    etag: true,
  },
  async (c) => withEtag(c, await readProfile(c.var.deps, c.var.actor, c.req.valid("param").id)),
);
