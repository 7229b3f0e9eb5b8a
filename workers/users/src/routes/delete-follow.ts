import { access, noContent } from "@trivet/http";
import { route } from "../deps.ts";
import { unfollowUser } from "../follows/unfollow-user.ts";
import { userParams } from "../schemas.ts";

export const deleteFollow = route(
  {
    method: "delete",
    path: "/users/{id}/follow",
    summary: "Unfollow a user",
    description: "Withdraws the request where there is only that. A repeat changes nothing.",
    access: access.user,
    request: { params: userParams },
    responses: { 204: noContent("The caller does not follow the user") },
  },
  async (c) => {
    await unfollowUser(c.var.deps, c.var.actor, c.req.valid("param").id);
    return c.body(null, 204);
  },
);
