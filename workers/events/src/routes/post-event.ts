import { access, json } from "@trivet/http";
import { announceEvent } from "../announce/announce-event.ts";
import { route } from "../deps.ts";
import { announced, announcement } from "../schemas.ts";

/** What a queue's message may have. */
const longestMessage = 128_000;

export const postEvent = route(
  {
    method: "post",
    path: "/events",
    summary: "Announce an event",
    description:
      "For administrators; and for services, which send `x-service-token`, and announce what the catalogue says is theirs. " +
      "It is stored before it is answered, and then on its way to the log and to all who listen. Older programs may say " +
      "`USER_CREATED` for `user.created`, and so on. What the event's contract does not name is left out.",
    access: access.roleOrService("admin"),
    idempotencyKey: "optional",
    bodyLimit: longestMessage,
    request: { body: json(announcement) },
    responses: { 202: json(announced, "The event as it will be in the log") },
    errors: ["service_token_invalid"],
  },
  async (c) => c.json(await announceEvent(c.var.deps, c.var.actor, c.req.valid("json")), 202),
);
