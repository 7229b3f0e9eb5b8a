import { access, noContent } from "@trivet/http";
import { route } from "../deps.ts";
import { removeFollower } from "../follows/remove-follower.ts";
import { userParams } from "../schemas.ts";

export const deleteFollower = route(
  {
    method: "delete",
    path: "/users/followers/{id}",
    summary: "Remove a follower",
    description: "The user is not told and may follow again, or ask to. A repeat changes nothing.",
    access: access.user,
    request: { params: userParams },
    responses: { 204: noContent("The user does not follow the caller") },
  },
  async (c) => {
    await removeFollower(c.var.deps, c.var.actor, c.req.valid("param").id);
    return c.body(null, 204);
  },
);
