import { databaseFault, pingDatabase } from "@trivet/db";
import { defineService } from "@trivet/http";
import { foldEvents } from "./crons/fold-events.ts";
import { turnDays } from "./crons/turn-days.ts";
import { type Deps, makeDeps } from "./deps.ts";
import { type Env, env } from "./env.ts";
import { getStats } from "./routes/get-stats.ts";
import { getTimeseries } from "./routes/get-timeseries.ts";
import { postEventBatch } from "./routes/post-event-batch.ts";
import { postEvents } from "./routes/post-events.ts";

export const analytics = defineService<Env, Deps>({
  name: "analytics",
  version: "0.1.0",
  summary: "Events of pages, applications and services, and what they add up to.",
  env,
  deps: makeDeps,
  routes: [postEvents, postEventBatch, getStats, getTimeseries],
  crons: { "* * * * *": foldEvents, "0 * * * *": turnDays },
  checks: { database: ({ db }) => pingDatabase(db, 2_000) },
  faults: databaseFault,
});
