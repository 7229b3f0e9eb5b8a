import { access, noContent } from "@trivet/http";
import { route } from "../deps.ts";
import { removeItem } from "../items/remove-item.ts";
import { itemParams } from "../schemas.ts";

export const deleteItem = route(
  {
    method: "delete",
    path: "/stencil/items/{id}",
    summary: "Remove an item",
    access: access.user,
    request: { params: itemParams },
    responses: { 204: noContent("The item is gone") },
    errors: ["not_found"],
  },
  async (c) => {
    await removeItem(c.var.deps, c.var.actor, c.req.valid("param").id);
    return c.body(null, 204);
  },
);
