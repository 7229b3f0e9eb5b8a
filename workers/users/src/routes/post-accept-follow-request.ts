import { access, noContent } from "@trivet/http";
import { route } from "../deps.ts";
import { acceptFollowRequest } from "../follow-requests/accept-follow-request.ts";
import { userParams } from "../schemas.ts";

export const postAcceptFollowRequest = route(
  {
    method: "post",
    path: "/users/follow-requests/{id}/accept",
    summary: "Accept a follow request",
    description: "The id is that of the user who asked. A repeat changes nothing.",
    access: access.user,
    request: { params: userParams },
    responses: { 204: noContent("The user follows the caller") },
    errors: ["not_found"],
  },
  async (c) => {
    await acceptFollowRequest(c.var.deps, c.var.actor, c.req.valid("param").id);
    return c.body(null, 204);
  },
);
