import { access, json, withEtag } from "@trivet/http";
import { route } from "../deps.ts";
import { selectProfileCount } from "../queries/totals.ts";
import { userCount } from "../schemas.ts";

export const countUsers = route(
  {
    method: "get",
    path: "/users/stats/count",
    summary: "Count all users",
    access: access.anyone,
    etag: true,
    // Counted by every visitor of a front page, and right to a few seconds is right enough.
    cache: { maxAge: 5, staleWhileRevalidate: 60, staleIfError: 86_400, tags: ["users"] },
    responses: { 200: json(userCount, "How many users there are") },
  },
  async (c) => withEtag(c, { count: await selectProfileCount(c.var.deps.db) }),
);
