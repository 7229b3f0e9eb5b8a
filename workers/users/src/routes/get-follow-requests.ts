import { access, json, linkNext, pageOf, pageQuery } from "@trivet/http";
import { route } from "../deps.ts";
import { listFollowRequests } from "../follow-requests/list-follow-requests.ts";
import { userCard } from "../schemas.ts";

export const getFollowRequests = route(
  {
    method: "get",
    path: "/users/follow-requests",
    summary: "List follow requests",
    access: access.user,
    request: { query: pageQuery },
    responses: { 200: json(pageOf(userCard), "Who waits for the caller's answer, the latest first") },
  },
  async (c) => {
    const page = await listFollowRequests(c.var.deps, c.var.actor, c.req.valid("query"));
    linkNext(c, page);
    return c.json(page, 200);
  },
);
