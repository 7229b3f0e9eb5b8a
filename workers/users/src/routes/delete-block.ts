import { access, noContent } from "@trivet/http";
import { unblockUser } from "../blocks/unblock-user.ts";
import { route } from "../deps.ts";
import { userParams } from "../schemas.ts";

export const deleteBlock = route(
  {
    method: "delete",
    path: "/users/{id}/block",
    summary: "Unblock a user",
    description: "What the block has ended stays ended. A repeat changes nothing.",
    access: access.user,
    request: { params: userParams },
    responses: { 204: noContent("The user is not blocked") },
  },
  async (c) => {
    await unblockUser(c.var.deps, c.var.actor, c.req.valid("param").id);
    return c.body(null, 204);
  },
);
