import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Database, databaseFault, openDatabase, UsedMessages, usedMessagesTable } from "@trivet/db";
import {
  access,
  createWorker,
  databaseBinding,
  defineService,
  encryptionKeys,
  json,
  noContent,
  routesFor,
  serviceEnv,
} from "@trivet/http";
import { defineCall, TrivetError } from "@trivet/platform";
import { pgSchema } from "drizzle-orm/pg-core";
import { z } from "zod";
import { root } from "../root.ts";

const schema = pgSchema("vault");
const usedMessages = usedMessagesTable(schema);

/** Stands in for the migrations. */
export const vaultSchema = `CREATE SCHEMA vault; SET search_path = vault;
  ${readFileSync(join(root, "packages/db/sql/used-messages.sql"), "utf8")}
  RESET search_path;`;

const note = z.strictObject({ text: z.string() });
const of = (service: string) => ({ service, callers: ["shop"], body: note, reply: note });

export const writeNote = defineCall({
  ...of("vault"),
  method: "post",
  path: "/notes",
  summary: "Write",
  encryption: "required",
});
export const readNote = defineCall({
  service: "vault",
  callers: ["shop"],
  method: "get",
  path: "/notes/{id}",
  summary: "Read",
  params: z.object({ id: z.string() }),
  query: z.object({ part: z.string().optional() }),
  reply: note,
  encryption: "required",
});
export const removeNote = defineCall({
  service: "vault",
  callers: ["shop"],
  method: "delete",
  path: "/notes/{id}",
  summary: "Remove",
  params: z.object({ id: z.string() }),
  encryption: "required",
});
export const moveNote = defineCall({
  ...of("vault"),
  method: "put",
  path: "/notes",
  summary: "Move",
  encryption: "optional",
});

interface Deps {
  db: Database;
  replays: UsedMessages;
}

const { route, serve } = routesFor<Deps>();

const echo = { body: json(note) };
const answers = { responses: { 200: json(note, "The same") } };

const openNote = route(
  {
    method: "post",
    path: "/vault/notes",
    summary: "Say it again",
    access: access.anyone,
    encryption: "optional",
    request: echo,
    ...answers,
  },
  (c) => c.json(c.req.valid("json"), 200),
);

const readOpen = route(
  {
    method: "get",
    path: "/vault/notes",
    summary: "Read one",
    access: access.anyone,
    encryption: "optional",
    etag: true,
    ...answers,
  },
  (c) => c.json({ text: "kept" }, 200, { etag: '"1"' }),
);

const removeOpen = route(
  {
    method: "delete",
    path: "/vault/notes",
    summary: "Remove one",
    access: access.anyone,
    encryption: "optional",
    responses: { 204: noContent("Removed") },
  },
  (c) => c.body(null, 204),
);

const plainNote = route(
  { method: "post", path: "/vault/plain", summary: "In plain", access: access.anyone, request: echo, ...answers },
  (c) => c.json(c.req.valid("json"), 200),
);

const countBytes = route(
  {
    method: "post",
    path: "/vault/bytes",
    summary: "Send the bytes back",
    access: access.anyone,
    encryption: "required",
    responses: { 200: { description: "The same bytes" } },
  },
  async (c) =>
    new Response(await c.req.arrayBuffer(), {
      headers: { "content-type": c.req.header("content-type") ?? "application/x-none" },
    }),
);

/** How often what the calls do has been done. */
export const done = { written: 0, removed: 0 };

/** Keeps notes, and talks of them encrypted. */
export const vault = createWorker(
  defineService({
    name: "vault",
    version: "1",
    summary: "Encryption, tried out",
    env: serviceEnv.extend({ DB: databaseBinding, VAULT_KEY: encryptionKeys }),
    deps: ({ env, invocation }): Deps => {
      const db = openDatabase(env.DB, invocation);
      return { db, replays: new UsedMessages(db, usedMessages) };
    },
    routes: [
      ...[openNote, readOpen, removeOpen, plainNote, countBytes],
      serve(writeNote, async ({ body }) => {
        done.written += 1;
        if (body.text === "fail") throw new Error("It failed.");
        return body;
      }),
      serve(readNote, async ({ params, query }) => {
        if (params.id === "none") throw new TrivetError("not_found", "The note of Ada's is not there.");
        return { text: `${params.id} ${query.part ?? ""}` };
      }),
      serve(removeNote, async () => {
        done.removed += 1;
        return undefined;
      }),
      serve(moveNote, async ({ body }) => body),
    ],
    replays: ({ replays }) => replays,
    faults: databaseFault,
  }),
);
