import { access, json, linkNext, pageOf, pageQuery } from "@trivet/http";
import { route } from "../deps.ts";
import { listMutes } from "../mutes/list-mutes.ts";
import { userCard } from "../schemas.ts";

export const getMutes = route(
  {
    method: "get",
    path: "/users/mutes",
    summary: "List muted users",
    access: access.user,
    request: { query: pageQuery },
    responses: { 200: json(pageOf(userCard), "Whom the caller has muted, the latest first") },
  },
  async (c) => {
    const page = await listMutes(c.var.deps, c.var.actor, c.req.valid("query"));
    linkNext(c, page);
    return c.json(page, 200);
  },
);
