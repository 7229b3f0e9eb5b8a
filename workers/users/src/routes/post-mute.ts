import { access, noContent } from "@trivet/http";
import { route } from "../deps.ts";
import { muteUser } from "../mutes/mute-user.ts";
import { userParams } from "../schemas.ts";

export const postMute = route(
  {
    method: "post",
    path: "/users/{id}/mute",
    summary: "Mute a user",
    description: "Keeps them out of the caller's feed without their knowing. A repeat changes nothing.",
    access: access.user,
    request: { params: userParams },
    responses: { 204: noContent("The user is muted") },
    errors: ["not_found", "unprocessable"],
  },
  async (c) => {
    await muteUser(c.var.deps, c.var.actor, c.req.valid("param").id);
    return c.body(null, 204);
  },
);
