import { access } from "@trivet/http";
import { z } from "zod";
import { consolePage } from "../console/page.ts";
import { route } from "../deps.ts";

export const getConsole = route(
  {
    method: "get",
    path: "/events/console",
    summary: "A page that shows the stream, who reads it, and events as they happen",
    description: "It asks for an administrator's password, and shows nothing without.",
    access: access.anyone,
    responses: { 200: { description: "The page", content: { "text/html": { schema: z.string() } } } },
  },
  async (c) => c.body(consolePage.document, 200, consolePage.headers),
);
