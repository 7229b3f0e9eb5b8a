import { access, json, linkNext, pageOf, pageQuery } from "@trivet/http";
import { route } from "../deps.ts";
import { listFollowing } from "../follows/list-following.ts";
import { userCard, userParams } from "../schemas.ts";

export const getFollowing = route(
  {
    method: "get",
    path: "/users/{id}/following",
    summary: "List whom a user follows",
    description: "Of a private account only for its owner and accepted followers.",
    access: access.user,
    request: { params: userParams, query: pageQuery },
    responses: { 200: json(pageOf(userCard), "Whom the user follows, the latest first") },
    errors: ["not_found"],
  },
  async (c) => {
    const page = await listFollowing(c.var.deps, c.var.actor, c.req.valid("param").id, c.req.valid("query"));
    linkNext(c, page);
    return c.json(page, 200);
  },
);
