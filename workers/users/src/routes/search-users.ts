import { access, json, pageOf, pageQuery } from "@trivet/http";
import { route } from "../deps.ts";
import { searchUsers as search } from "../profiles/search-users.ts";
import { searchParams, userCard } from "../schemas.ts";

export const searchUsers = route(
  {
    method: "get",
    path: "/users/search/{query}",
    summary: "Search users",
    description:
      "By username and name, the best matches first: usernames that begin like the query, then words alike. There is no further page; ask more precisely instead.",
    access: access.user,
    request: { params: searchParams, query: pageQuery.pick({ limit: true }) },
    responses: { 200: json(pageOf(userCard), "The best matches; `nextCursor` is always null") },
  },
  async (c) => {
    const { limit } = c.req.valid("query");
    const items = await search(c.var.deps, c.var.actor, c.req.valid("param").query, limit);
    return c.json({ items, nextCursor: null }, 200);
  },
);
