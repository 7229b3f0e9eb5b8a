import type { Call, IdempotencyStore, Invocation, ReplayStore, TrivetError } from "@trivet/platform";
import type { z } from "zod";
import type { ServiceEnv } from "./env.ts";
import type { CronHandler, QueueHandler } from "./handlers.ts";
import type { Measure } from "./observe/metrics.ts";
import type { Backlog } from "./observe/outbox.ts";
import type { EventHandler, Route } from "./route.ts";
import type { ServiceContext } from "./state.ts";

/** What a service's dependencies are made of, once per invocation. */
export interface Scope<Env> {
  env: Env;
  invocation: Invocation;
  call: Call;
}

/** The table of contents of a service. */
export interface ServiceDefinition<Env extends ServiceEnv, Deps> {
  /** The first segment of its paths, its database schema, its name in logs and tokens. */
  name: string;
  version: string;
  summary: string;
  /** Parses `env`, once. */
  env: z.ZodType<Env>;
  deps(scope: Scope<Env>): Deps;
  routes: readonly Route<Deps>[];
  /** What is done with events, which come by the queue `inbox-<name>`. */
  events?: readonly EventHandler<Deps>[];
  /** What is done at the ticks of `[triggers] crons`, by the expression that stands there. */
  crons?: Readonly<Record<string, CronHandler<Deps>>>;
  /** What is done with the messages of other `[[queues.consumers]]`, by the name of the queue. */
  queues?: Readonly<Record<string, QueueHandler<Deps>>>;
  /** What the service cannot work without, by name: each rejects when its part is down. */
  checks?: Record<string, (deps: Deps) => Promise<unknown>>;
  /** Where the answers of routes with an `idempotencyKey` are kept. */
  idempotency?(deps: Deps): IdempotencyStore;
  /** Where the ids of encrypted requests are kept that change something. */
  replays?(deps: Deps): ReplayStore;
  /** How far the sending of its events is behind; asked when somebody collects `/metrics`. */
  outbox?(deps: Deps): Promise<Backlog>;
  /** What `/metrics` shows of it beside what every service measures. */
  measures?(env: Env): readonly Measure[];
  /** Recognises failures of the parts it uses, such as a lost database; undefined for a fault of its own. */
  faults?(error: unknown): TrivetError | undefined;
  /** Answers a request before any route is looked for, where it returns a response. */
  before?(request: Request, env: Env): Response | undefined;
  /** Whether it watches the bodies of its requests itself, by `watchBody`, and says so in `c.env.uploading`. */
  watchesBodies?: boolean;
  /** Adds to the headers of every answer, refusals included. */
  decorate?(headers: Headers, request: Request, env: Env): void;
  /** Answers what no route matches; 404 or 405 where it does not. */
  fallback?(c: ServiceContext<Deps>): Promise<Response | undefined>;
  /** The router: its own paths have no prefix, and whoever asks for them is not counted. */
  atDoor?: true;
  /** The title of its documents, if not its name. */
  title?: string;
  /** The OpenAPI document as JSON text, where it is not just that of its own routes. */
  document?(c: ServiceContext<Deps>, own: string): Promise<string>;
  /** The JWKS that verifies access tokens, where it is not fetched from the AUTH binding. */
  keys?(deps: Deps): Promise<unknown>;
}

/** Lets the types of a service's parts be inferred from one another. */
export const defineService = <Env extends ServiceEnv, Deps>(
  definition: ServiceDefinition<Env, Deps>,
): ServiceDefinition<Env, Deps> => definition;
