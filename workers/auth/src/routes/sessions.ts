import { id } from "@trivet/contracts";
import { access, json, noContent } from "@trivet/http";
import { z } from "zod";
import { readMe } from "../accounts/read-me.ts";
import { route } from "../deps.ts";
import { lastToken, session, showSession, showUser, user } from "../schemas.ts";
import { endSession, endSessions } from "../sessions/end-sessions.ts";
import { listOwnSessions } from "../sessions/list-own-sessions.ts";

export const getMe = route(
  {
    method: "get",
    path: "/auth/me",
    summary: "Who am I",
    access: access.user,
    responses: { 200: json(user, "The account of this session") },
  },
  async (c) => c.json(showUser(await readMe(c.var.deps, c.var.actor)), 200),
);

export const getSessions = route(
  {
    method: "get",
    path: "/auth/sessions",
    summary: "List my sessions",
    access: access.user,
    responses: { 200: json(z.object({ items: z.array(session) }), "Newest first, at most a hundred") },
  },
  async (c) => {
    const { deps, actor } = c.var;
    const rows = await listOwnSessions(deps, actor);
    return c.json({ items: rows.map((row) => showSession(row, actor.sessionId)) }, 200);
  },
);

export const deleteSession = route(
  {
    method: "delete",
    path: "/auth/sessions/{id}",
    summary: "End one of my sessions",
    description: lastToken,
    access: access.user,
    request: { params: z.object({ id }) },
    responses: { 204: noContent("The session has ended") },
    errors: ["not_found"],
  },
  async (c) => {
    await endSession(c.var.deps, c.var.actor, c.req.valid("param").id);
    return c.body(null, 204);
  },
);

export const deleteSessions = route(
  {
    method: "delete",
    path: "/auth/sessions",
    summary: "End all my sessions",
    description: lastToken,
    access: access.user,
    request: {
      query: z.object({
        keep: z.enum(["none", "current"]).default("none").meta({ description: "`current` spares this one" }),
      }),
    },
    responses: { 204: noContent("The sessions have ended") },
  },
  async (c) => {
    await endSessions(c.var.deps, c.var.actor, c.req.valid("query").keep === "current" ? "others" : "all");
    return c.body(null, 204);
  },
);
