import { access, json, withEtag } from "@trivet/http";
import { route } from "../deps.ts";
import { readPreferences } from "../preferences/read-preferences.ts";
import { preferences } from "../schemas.ts";

export const getPreferences = route(
  {
    method: "get",
    path: "/users/preferences",
    summary: "Read one's preferences",
    access: access.user,
    responses: { 200: json(preferences, "The caller's preferences, defaults filled in") },
    errors: ["not_found"],
    etag: true,
  },
  async (c) => withEtag(c, await readPreferences(c.var.deps, c.var.actor)),
);
