import { events, userDeleted } from "@trivet/contracts";
import { databaseFault, pingDatabase } from "@trivet/db";
import { defineService } from "@trivet/http";
import { foldEvents } from "./crons/fold-events.ts";
import { turnDays } from "./crons/turn-days.ts";
import { type Deps, makeDeps } from "./deps.ts";
import { type Env, env } from "./env.ts";
import { countEvent } from "./events/count-event.ts";
import { onUserDeleted } from "./events/on-user-deleted.ts";
import { getExport } from "./routes/get-export.ts";
import { getPerformance } from "./routes/get-performance.ts";
import { getRealtime } from "./routes/get-realtime.ts";
import { getRetention } from "./routes/get-retention.ts";
import { getStats } from "./routes/get-stats.ts";
import { getTimeseries } from "./routes/get-timeseries.ts";
import { deleteOneGoal, getGoalStats, getGoals, postGoal, putGoal } from "./routes/goals.ts";
import { postEventBatch } from "./routes/post-event-batch.ts";
import { postEvents } from "./routes/post-events.ts";
import { postFunnel } from "./routes/post-funnel.ts";
import { serveEvents } from "./routes/serve-events.ts";
import { serveRequests } from "./routes/serve-requests.ts";

const { [userDeleted.name]: _, ...counted } = events;

export const analytics = defineService<Env, Deps>({
  name: "analytics",
  version: "0.1.0",
  summary: "Events of pages, applications and services, and what they add up to.",
  env,
  deps: makeDeps,
  routes: [
    ...[postEvents, postEventBatch, serveEvents, serveRequests],
    ...[getStats, getTimeseries, getRealtime, postFunnel, getRetention, getExport, getPerformance],
    ...[getGoals, postGoal, putGoal, deleteOneGoal, getGoalStats],
  ],
  events: [...Object.values(counted).map(countEvent), onUserDeleted],
  crons: { "* * * * *": foldEvents, "0 * * * *": turnDays },
  idempotency: ({ answers }) => answers,
  replays: ({ replays }) => replays,
  checks: { database: ({ db }) => pingDatabase(db, 2_000) },
  faults: databaseFault,
});
