import { databaseFault, outboxBacklog, pingDatabase } from "@trivet/db";
import { defineService } from "@trivet/http";
import { sweepAnswers } from "./crons/sweep-answers.ts";
import { sweepOutbox } from "./crons/sweep-outbox.ts";
import { type Deps, makeDeps } from "./deps.ts";
import { type Env, env } from "./env.ts";
import { onUserDeleted } from "./events/on-user-deleted.ts";
import { deleteItem } from "./routes/delete-item.ts";
import { getItems } from "./routes/get-items.ts";
import { postItem } from "./routes/post-item.ts";
import { outbox } from "./tables.ts";

export const stencil = defineService<Env, Deps>({
  name: "stencil",
  version: "0.1.0",
  summary: "Items that people keep for themselves.",
  env,
  deps: makeDeps,
  routes: [getItems, postItem, deleteItem],
  events: [onUserDeleted],
  crons: { "* * * * *": sweepOutbox, "41 4 * * *": sweepAnswers },
  idempotency: ({ answers }) => answers,
  checks: { database: ({ db }) => pingDatabase(db, 2_000) },
  outbox: ({ db }) => outboxBacklog(db, outbox),
  faults: databaseFault,
});
