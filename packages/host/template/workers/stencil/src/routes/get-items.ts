import { access, json, linkNext, pageOf, pageQuery } from "@trivet/http";
import { route } from "../deps.ts";
import { listItems } from "../items/list-items.ts";
import { item } from "../schemas.ts";

export const getItems = route(
  {
    method: "get",
    path: "/stencil/items",
    summary: "List one's items",
    access: access.user,
    request: { query: pageQuery },
    responses: { 200: json(pageOf(item), "The caller's items, the latest first") },
  },
  async (c) => {
    const page = await listItems(c.var.deps, c.var.actor, c.req.valid("query"));
    linkNext(c, page);
    return c.json(page, 200);
  },
);
