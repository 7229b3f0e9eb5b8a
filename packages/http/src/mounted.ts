import type { OpenAPIHono } from "@hono/zod-openapi";
import {
  ensureLogging,
  type KeyRings,
  keyRingsIn,
  type Logger,
  type ServiceActor,
  serviceLogger,
  Upstreams,
  type UserActor,
} from "@trivet/platform";
import { KeySet } from "./access/key-set.ts";
import type { ServiceTokens } from "./access/service-token.ts";
import type { UserTokens } from "./access/user-token.ts";
import { VerifiedTokens } from "./access/verified-tokens.ts";
import { assertKey } from "./encryption/assert-encryptable.ts";
import { envFaults, type ServiceEnv } from "./env.ts";
import { queuesOf } from "./events.ts";
import type { QueueHandler } from "./handlers.ts";
import { createMetrics, type Metrics } from "./observe/metrics.ts";
import { type RequestReports, reportsOf } from "./observe/request-reports.ts";
import { type Tracing, tracingOf } from "./observe/spans.ts";
import type { ServiceDefinition } from "./service.ts";
import type { HandlerEnv } from "./state.ts";

/** A service on one `env`: what is made once and serves every invocation after. Plain data, no I/O. */
export interface Mounted<Env extends ServiceEnv, Deps> {
  service: ServiceDefinition<Env, Deps>;
  app: OpenAPIHono<HandlerEnv<Deps>>;
  queues: Readonly<Record<string, QueueHandler<Deps>>>;
  env: Env;
  /** Unix milliseconds. */
  since: number;
  log: Logger;
  metrics: Metrics;
  upstreams: Upstreams;
  /** Undefined where nobody is told of requests. */
  reports: RequestReports | undefined;
  keys: KeyRings;
  tracing: Tracing | undefined;
  serviceTokens: ServiceTokens;
  userTokens: UserTokens;
}

/** Throws when a variable is missing or malformed, naming every one. */
export function mount<Env extends ServiceEnv, Deps>(
  service: ServiceDefinition<Env, Deps>,
  app: OpenAPIHono<HandlerEnv<Deps>>,
  bindings: object,
): Mounted<Env, Deps> {
  const parsed = service.env.safeParse(bindings);
  if (!parsed.success) {
    throw new Error(`${service.name} is not configured: ${envFaults(service.env, bindings).join("; ")}`);
  }
  const env = parsed.data;
  const keys = keyRingsIn(env);
  assertKey(
    service.routes.map(({ contract }) => contract),
    service.name,
    keys,
  );
  ensureLogging(env.LOG_LEVEL);
  const upstreams = new Upstreams();
  const reports = reportsOf(env, keys);
  return {
    service,
    app,
    queues: queuesOf(service),
    env,
    since: Date.now(),
    log: serviceLogger(service.name),
    metrics: createMetrics(service.name, upstreams, () => [
      ...(service.measures?.(env) ?? []),
      ...(reports?.measures() ?? []),
    ]),
    upstreams,
    reports,
    keys,
    tracing: tracingOf(env),
    serviceTokens: {
      self: service.name,
      secret: env.SERVICE_JWT_SECRET,
      verified: new VerifiedTokens<ServiceActor>(),
    },
    userTokens: { issuer: env.PUBLIC_URL, keys: new KeySet(), verified: new VerifiedTokens<UserActor>() },
  };
}
