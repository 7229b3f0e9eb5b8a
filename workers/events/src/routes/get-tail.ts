import { access, queryInteger } from "@trivet/http";
import { z } from "zod";
import { route } from "../deps.ts";
import { tailFilter } from "../schemas.ts";
import { openTail } from "../tail/open-tail.ts";

const position = queryInteger({ min: 0, max: 999_999_999_999_999 }).optional();

export const getTail = route(
  {
    method: "get",
    path: "/events/tail",
    summary: "Watch events as they are written to the log",
    description:
      "Server-sent events whose `id` is the position in the log and whose `data` is the event. A stream ends after five " +
      "minutes; who comes again with `Last-Event-ID`, as an `EventSource` does by itself, misses nothing and sees nothing twice.",
    access: access.role("admin"),
    request: {
      headers: z.object({
        "last-event-id": position.meta({ description: "The position after which to go on; goes before `after`" }),
      }),
      query: tailFilter.extend({
        after: position.meta({
          description: "The position after which to begin, 0 for the first; now where it is left out",
        }),
      }),
    },
    responses: { 200: { description: "The events", content: { "text/event-stream": { schema: z.string() } } } },
    errors: ["unprocessable", "gone"],
  },
  async (c) => {
    const { after, ...filter } = c.req.valid("query");
    const stream = await openTail(c.var.deps, filter, c.req.valid("header")["last-event-id"] ?? after);
    return c.body(stream, 200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      // For proxies that would wait for more before they pass on what there is.
      "x-accel-buffering": "no",
    });
  },
);
