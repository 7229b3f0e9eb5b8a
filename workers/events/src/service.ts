import { deadLetterQueueOf, eventsQueue, inboxQueueOf, subscriptions } from "@trivet/contracts";
import { databaseFault, outboxBacklog, pingDatabase } from "@trivet/db";
import { defineService, pathOf, type QueueHandler } from "@trivet/http";
import { eachMinute } from "./crons/each-minute.ts";
import { tidy } from "./crons/tidy.ts";
import { takeDeadLetters } from "./dead-letters/take-dead-letters.ts";
import { type Deps, makeDeps } from "./deps.ts";
import { type Env, env } from "./env.ts";
import { takeEvents } from "./log/take-events.ts";
import {
  deleteOneDeadLetter,
  getDeadLetter,
  getDeadLetters,
  postRedrive,
  postRedriveAll,
} from "./routes/dead-letters.ts";
import { getAsyncApi } from "./routes/get-asyncapi.ts";
import { getConsole } from "./routes/get-console.ts";
import { getEvent } from "./routes/get-event.ts";
import { getEvents } from "./routes/get-events.ts";
import { getMonitor } from "./routes/get-monitor.ts";
import { getTail } from "./routes/get-tail.ts";
import { postEvent } from "./routes/post-event.ts";
import { getReplay, getReplays, postReplay, postReplayCancel } from "./routes/replays.ts";
import { outbox } from "./tables.ts";

const graves = [eventsQueue, ...Object.keys(subscriptions).map(inboxQueueOf)].map(deadLetterQueueOf);
const bury: QueueHandler<Deps> = { batch: takeDeadLetters };

/** Whoever opens the monitor in a browser, which sends no token by itself, is led to the page that asks for one. */
const toConsole = (request: Request): Response | undefined =>
  request.method === "GET" &&
  request.headers.get("sec-fetch-mode") === "navigate" &&
  pathOf(request.url) === "/events/monitor"
    ? new Response(null, { status: 303, headers: { location: "console" } })
    : undefined;

export const events = defineService<Env, Deps>({
  name: "events",
  version: "0.1.0",
  summary: "What happened, who was told of it, and what could not be handled.",
  env,
  deps: makeDeps,
  routes: [
    ...[postEvent, getEvents, getEvent, getTail, getConsole, getMonitor, getAsyncApi],
    ...[postReplay, getReplays, getReplay, postReplayCancel],
    ...[getDeadLetters, getDeadLetter, postRedrive, postRedriveAll, deleteOneDeadLetter],
  ],
  queues: { [eventsQueue]: { batch: takeEvents }, ...Object.fromEntries(graves.map((queue) => [queue, bury])) },
  crons: { "* * * * *": eachMinute, "7 * * * *": tidy },
  idempotency: ({ answers }) => answers,
  before: toConsole,
  checks: { database: ({ db }) => pingDatabase(db, 2_000) },
  outbox: ({ db }) => outboxBacklog(db, outbox),
  faults: databaseFault,
});
