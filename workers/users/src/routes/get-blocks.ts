import { access, json, linkNext, pageOf, pageQuery } from "@trivet/http";
import { listBlocks } from "../blocks/list-blocks.ts";
import { route } from "../deps.ts";
import { userCard } from "../schemas.ts";

export const getBlocks = route(
  {
    method: "get",
    path: "/users/blocks",
    summary: "List blocked users",
    access: access.user,
    request: { query: pageQuery },
    responses: { 200: json(pageOf(userCard), "Whom the caller has blocked, the latest first") },
  },
  async (c) => {
    const page = await listBlocks(c.var.deps, c.var.actor, c.req.valid("query"));
    linkNext(c, page);
    return c.json(page, 200);
  },
);
