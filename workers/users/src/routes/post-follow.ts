import { access, json } from "@trivet/http";
import { route } from "../deps.ts";
import { followUser } from "../follows/follow-user.ts";
import { followState, userParams } from "../schemas.ts";

export const postFollow = route(
  {
    method: "post",
    path: "/users/{id}/follow",
    summary: "Follow a user",
    description: "A private account is asked instead. Sets: a repeat changes nothing and answers the same.",
    access: access.user,
    request: { params: userParams },
    responses: { 200: json(followState, "Whether the caller follows the user now, or has asked to") },
    errors: ["not_found", "unprocessable"],
  },
  async (c) => c.json(await followUser(c.var.deps, c.var.actor, c.req.valid("param").id), 200),
);
