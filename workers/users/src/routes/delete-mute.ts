import { access, noContent } from "@trivet/http";
import { route } from "../deps.ts";
import { unmuteUser } from "../mutes/unmute-user.ts";
import { userParams } from "../schemas.ts";

export const deleteMute = route(
  {
    method: "delete",
    path: "/users/{id}/mute",
    summary: "Unmute a user",
    description: "A repeat changes nothing.",
    access: access.user,
    request: { params: userParams },
    responses: { 204: noContent("The user is not muted") },
  },
  async (c) => {
    await unmuteUser(c.var.deps, c.var.actor, c.req.valid("param").id);
    return c.body(null, 204);
  },
);
