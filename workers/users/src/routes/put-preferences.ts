import { access, etagOf, json } from "@trivet/http";
import { route } from "../deps.ts";
import { updatePreferences } from "../preferences/update-preferences.ts";
import { ifMatchHeader, preferences, preferencesUpdate } from "../schemas.ts";

export const putPreferences = route(
  {
    method: "put",
    path: "/users/preferences",
    summary: "Change one's preferences",
    description:
      "Replaces the fields that are given, down to the single channel of a category, and leaves the others. With `If-Match`, only if they have not changed since they were read.",
    access: access.user,
    request: { headers: ifMatchHeader, body: json(preferencesUpdate) },
    responses: { 200: json(preferences, "The preferences as they are now, with their `ETag`") },
    errors: ["not_found", "precondition_failed"],
  },
  async (c) => {
    const ifMatch = c.req.valid("header")["if-match"];
    const chosen = await updatePreferences(c.var.deps, c.var.actor, c.req.valid("json"), ifMatch);
    return c.json(chosen, 200, { etag: etagOf(chosen) });
  },
);
