import { access, json, withEtag } from "@trivet/http";
import { route } from "../deps.ts";
import { readStats } from "../profiles/read-stats.ts";
import { userParams, userStats } from "../schemas.ts";

export const getStats = route(
  {
    method: "get",
    path: "/users/{id}/stats",
    summary: "Read a user's figures",
    access: access.user,
    request: { params: userParams },
    responses: { 200: json(userStats, "The figures") },
    errors: ["not_found"],
    etag: true,
  },
  async (c) => withEtag(c, await readStats(c.var.deps, c.var.actor, c.req.valid("param").id)),
);
