import { id } from "@trivet/contracts";
import {
  access,
  decodeCursor,
  encodeCursor,
  json,
  linkNext,
  noContent,
  pageOf,
  pageQuery,
  toPage,
  withEtag,
} from "@trivet/http";
import { z } from "zod";
import { deleteDeadLetter } from "../dead-letters/delete-dead-letter.ts";
import { listDeadLetters, readDeadLetter } from "../dead-letters/read-dead-letters.ts";
import { redriveDeadLetter, redriveDeadLetters } from "../dead-letters/redrive.ts";
import { route } from "../deps.ts";
import { deadLetter, letterFilter, redriveFilter, wholeDeadLetter } from "../schemas.ts";

const list = "dead-letters";
const keys = z.tuple([id]);
const params = z.object({ id });
const admin = access.role("admin");

export const getDeadLetters = route(
  {
    method: "get",
    path: "/events/dead-letters",
    summary: "List what nobody could handle",
    access: admin,
    request: { query: pageQuery.extend(letterFilter.shape) },
    responses: { 200: json(pageOf(deadLetter), "Newest first") },
  },
  async (c) => {
    const { limit, cursor, ...filter } = c.req.valid("query");
    const before = cursor === undefined ? undefined : decodeCursor(list, keys, cursor)[0];
    const rows = await listDeadLetters(c.var.deps, filter, { before, limit });
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

export const getDeadLetter = route(
  {
    method: "get",
    path: "/events/dead-letters/{id}",
    summary: "Read a dead letter",
    access: admin,
    request: { params },
    responses: { 200: json(wholeDeadLetter, "The letter with the message as it was sent") },
    errors: ["not_found"],
    etag: true,
  },
  async (c) => withEtag(c, await readDeadLetter(c.var.deps, c.req.valid("param").id)),
);

export const postRedrive = route(
  {
    method: "post",
    path: "/events/dead-letters/{id}/redrive",
    summary: "Send a dead letter to its queue again",
    description:
      "Once: what dies again is a new letter. A consumer that had taken effect of it drops it by the event's id.",
    access: admin,
    request: { params },
    responses: { 200: json(wholeDeadLetter, "The letter, driven again") },
    errors: ["not_found", "conflict", "unprocessable"],
  },
  async (c) => c.json(await redriveDeadLetter(c.var.deps, c.req.valid("param").id), 200),
);

export const postRedriveAll = route(
  {
    method: "post",
    path: "/events/dead-letters/redrive",
    summary: "Send dead letters to their queues again",
    description:
      "All that have not been, or those of a queue or an event. Where `more` is true, send the request again.",
    access: admin,
    request: { body: json(redriveFilter) },
    responses: { 200: json(z.object({ redriven: z.int(), more: z.boolean() }), "How many were sent") },
    errors: ["unprocessable"],
  },
  async (c) => c.json(await redriveDeadLetters(c.var.deps, c.req.valid("json")), 200),
);

export const deleteOneDeadLetter = route(
  {
    method: "delete",
    path: "/events/dead-letters/{id}",
    summary: "Forget a dead letter",
    access: admin,
    request: { params },
    responses: { 204: noContent("It is gone") },
    errors: ["not_found"],
  },
  async (c) => {
    await deleteDeadLetter(c.var.deps, c.req.valid("param").id);
    return c.body(null, 204);
  },
);
