import { access, noContent } from "@trivet/http";
import { route } from "../deps.ts";
import { rejectFollowRequest } from "../follow-requests/reject-follow-request.ts";
import { userParams } from "../schemas.ts";

export const postRejectFollowRequest = route(
  {
    method: "post",
    path: "/users/follow-requests/{id}/reject",
    summary: "Reject a follow request",
    description: "The id is that of the user who asked, who is not told and may ask again. A repeat changes nothing.",
    access: access.user,
    request: { params: userParams },
    responses: { 204: noContent("The request is gone") },
  },
  async (c) => {
    await rejectFollowRequest(c.var.deps, c.var.actor, c.req.valid("param").id);
    return c.body(null, 204);
  },
);
