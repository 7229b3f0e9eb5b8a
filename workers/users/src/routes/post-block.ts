import { access, noContent } from "@trivet/http";
import { blockUser } from "../blocks/block-user.ts";
import { route } from "../deps.ts";
import { userParams } from "../schemas.ts";

export const postBlock = route(
  {
    method: "post",
    path: "/users/{id}/block",
    summary: "Block a user",
    description:
      "The two are no longer there for each other; following and asking between them ends. A repeat changes nothing.",
    access: access.user,
    request: { params: userParams },
    responses: { 204: noContent("The user is blocked") },
    errors: ["not_found", "unprocessable"],
  },
  async (c) => {
    await blockUser(c.var.deps, c.var.actor, c.req.valid("param").id);
    return c.body(null, 204);
  },
);
