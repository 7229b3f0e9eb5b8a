import { id } from "@trivet/contracts";
import { access, decodeCursor, encodeCursor, json, linkNext, pageOf, pageQuery, toPage } from "@trivet/http";
import { z } from "zod";
import { route } from "../deps.ts";
import { cancelReplay } from "../replay/cancel-replay.ts";
import { listReplays, readReplay } from "../replay/read-replays.ts";
import { startReplay } from "../replay/start-replay.ts";
import { newReplay, replay } from "../schemas.ts";

const list = "replays";
const keys = z.tuple([id]);
const params = z.object({ id });
const admin = access.role("admin");

export const postReplay = route(
  {
    method: "post",
    path: "/events/replay",
    summary: "Send a part of the log to subscribers once more",
    description:
      "In the background. Subscribers drop what they took effect of, so that only what they have missed takes effect; " +
      "with `force`, what may be handled again is, once for each replay.",
    access: admin,
    idempotencyKey: "optional",
    request: { body: json(newReplay) },
    responses: { 202: json(replay, "The replay, as it begins") },
    errors: ["unprocessable", "conflict"],
  },
  async (c) => c.json(await startReplay(c.var.deps, c.var.actor, c.req.valid("json")), 202),
);

export const getReplays = route(
  {
    method: "get",
    path: "/events/replays",
    summary: "List replays",
    access: admin,
    request: { query: pageQuery },
    responses: { 200: json(pageOf(replay), "Newest first") },
  },
  async (c) => {
    const { limit, cursor } = c.req.valid("query");
    const before = cursor === undefined ? undefined : decodeCursor(list, keys, cursor)[0];
    const rows = await listReplays(c.var.deps, { before, limit });
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

export const getReplay = route(
  {
    method: "get",
    path: "/events/replays/{id}",
    summary: "See how far a replay has come",
    access: admin,
    request: { params },
    responses: { 200: json(replay, "The replay") },
    errors: ["not_found"],
  },
  async (c) => c.json(await readReplay(c.var.deps, c.req.valid("param").id), 200),
);

export const postReplayCancel = route(
  {
    method: "post",
    path: "/events/replays/{id}/cancel",
    summary: "Cancel a replay",
    description: "What has been sent stays sent.",
    access: admin,
    request: { params },
    responses: { 200: json(replay, "The replay as it ended") },
    errors: ["not_found", "conflict"],
  },
  async (c) => c.json(await cancelReplay(c.var.deps, c.req.valid("param").id), 200),
);
