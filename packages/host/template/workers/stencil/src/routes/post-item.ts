import { access, json } from "@trivet/http";
import { route } from "../deps.ts";
import { addItem } from "../items/add-item.ts";
import { item, newItem } from "../schemas.ts";

export const postItem = route(
  {
    method: "post",
    path: "/stencil/items",
    summary: "Add an item",
    access: access.user,
    idempotencyKey: "optional",
    request: { body: json(newItem) },
    responses: { 201: json(item, "The item") },
    errors: ["not_found"],
  },
  async (c) => c.json(await addItem(c.var.deps, c.var.actor, c.req.valid("json")), 201),
);
