import { access, json, linkNext, pageOf, pageQuery } from "@trivet/http";
import { route } from "../deps.ts";
import { listFollowers } from "../follows/list-followers.ts";
import { userCard, userParams } from "../schemas.ts";

export const getFollowers = route(
  {
    method: "get",
    path: "/users/{id}/followers",
    summary: "List a user's followers",
    description: "Of a private account only for its owner and accepted followers.",
    access: access.user,
    request: { params: userParams, query: pageQuery },
    responses: { 200: json(pageOf(userCard), "Who follows the user, the latest first") },
    errors: ["not_found"],
  },
  async (c) => {
    const page = await listFollowers(c.var.deps, c.var.actor, c.req.valid("param").id, c.req.valid("query"));
    linkNext(c, page);
    return c.json(page, 200);
  },
);
