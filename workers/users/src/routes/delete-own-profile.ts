import { access, noContent } from "@trivet/http";
import { route } from "../deps.ts";
import { deleteProfile } from "../profiles/delete-profile.ts";

export const deleteOwnProfile = route(
  {
    method: "delete",
    path: "/users/profile",
    summary: "Delete one's account",
    description:
      "For good: the login is gone and the profile with it when the answer comes; what other services hold of the user follows shortly. 503 means that nothing was deleted. It takes a session that was logged in within the last ten minutes, or confirmed at POST /auth/confirm within the last five: else 401 `confirmation_required`. An API key or an administrator who acts as the user cannot do it.",
    access: access.user,
    responses: { 204: noContent("The account is gone") },
    errors: ["confirmation_required"],
  },
  async (c) => {
    await deleteProfile(c.var.deps, c.var.actor);
    return c.body(null, 204);
  },
);
