import { access, etagOf, json } from "@trivet/http";
import { route } from "../deps.ts";
import { updateProfile } from "../profiles/update-profile.ts";
import { ifMatchHeader, ownProfile, profileUpdate } from "../schemas.ts";

export const putOwnProfile = route(
  {
    method: "put",
    path: "/users/profile",
    summary: "Change one's own profile",
    description:
      "Replaces the fields that are given and leaves the others. With `If-Match`, only if nobody changed the profile since it was read. Going public accepts every follow request that is waiting.",
    access: access.user,
    request: { headers: ifMatchHeader, body: json(profileUpdate) },
    responses: { 200: json(ownProfile, "The profile as it is now, with its `ETag`") },
    errors: ["not_found", "precondition_failed"],
  },
  async (c) => {
    const ifMatch = c.req.valid("header")["if-match"];
    const profile = await updateProfile(c.var.deps, c.var.actor, c.req.valid("json"), ifMatch);
    return c.json(profile, 200, { etag: etagOf(profile) });
  },
);
