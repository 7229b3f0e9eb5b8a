import { id } from "@trivet/contracts";
import { access, json, withEtag } from "@trivet/http";
import { z } from "zod";
import { route } from "../deps.ts";
import { readEvent } from "../log/read-events.ts";
import { loggedEvent } from "../schemas.ts";

export const getEvent = route(
  {
    method: "get",
    path: "/events/{id}",
    summary: "Read an event",
    access: access.role("admin"),
    request: { params: z.object({ id }) },
    responses: { 200: json(loggedEvent, "The event") },
    errors: ["not_found"],
    etag: true,
  },
  async (c) => withEtag(c, await readEvent(c.var.deps, c.req.valid("param").id)),
);
