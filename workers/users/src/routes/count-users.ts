import { access, json } from "@trivet/http";
import { route } from "../deps.ts";
import { selectProfileCount } from "../queries/totals.ts";
import { userCount } from "../schemas.ts";

export const countUsers = route(
  {
    method: "get",
    path: "/users/stats/count",
    summary: "Count all users",
    access: access.anyone,
    responses: { 200: json(userCount, "How many users there are") },
  },
  async (c) => c.json({ count: await selectProfileCount(c.var.deps.db) }, 200),
);
