import { id } from "@trivet/contracts";
import { access, decodeCursor, encodeCursor, json, linkNext, pageOf, pageQuery, toPage } from "@trivet/http";
import { z } from "zod";
import { route } from "../deps.ts";
import { listEvents } from "../log/read-events.ts";
import { eventFilter, loggedEvent } from "../schemas.ts";

const list = "events";
const keys = z.tuple([id]);

export const getEvents = route(
  {
    method: "get",
    path: "/events",
    summary: "List events",
    description: "Whatever was announced, newest first. Events carry ids, no personal data.",
    access: access.role("admin"),
    request: { query: pageQuery.extend(eventFilter.shape) },
    responses: { 200: json(pageOf(loggedEvent), "Newest first, by the times at which they were made") },
  },
  async (c) => {
    const { limit, cursor, ...filter } = c.req.valid("query");
    const before = cursor === undefined ? undefined : decodeCursor(list, keys, cursor)[0];
    const rows = await listEvents(c.var.deps, filter, { before, limit });
    const page = toPage(
      rows,
      limit,
      (row) => encodeCursor(list, [row.id]),
      (row) => row,
    );
    linkNext(c, page);
    return c.json(page, 200);
  },
);
