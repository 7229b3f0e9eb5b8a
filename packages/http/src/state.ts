import type { Actor, AssetsBinding, Call, IdempotencyStore, Invocation, KeyRings, ReplayStore } from "@trivet/platform";
import type { Context } from "hono";
import type { FetchKeys } from "./access/key-set.ts";
import type { ServiceTokens } from "./access/service-token.ts";
import type { UserTokens } from "./access/user-token.ts";
import type { ServiceEnv } from "./env.ts";
import type { Uploading } from "./input/upload.ts";
import type { Metrics } from "./observe/metrics.ts";

/** What travels with one request inside a service; Hono calls it the bindings (`c.env`). */
export interface RequestState<Deps = unknown> {
  invocation: Invocation;
  call: Call;
  /** The service's dependencies, made at the first use. */
  deps(): Deps;
  /** Where the service keeps answers to keyed requests; routes that need it are refused at start without it. */
  idempotency(): IdempotencyStore | undefined;
  /** Where the service keeps the ids of encrypted requests; likewise. */
  replays(): ReplayStore | undefined;
  /** Those of the services that this one talks to encrypted, and its own. */
  keys: KeyRings;
  /** Encrypts the answer, a refusal too; set when the request has turned out to be owed that. */
  sealAnswer: ((answer: Response) => Promise<Response>) | undefined;
  serviceTokens: ServiceTokens;
  userTokens: UserTokens;
  fetchKeys: FetchKeys;
  metrics: Metrics;
  assets: AssetsBinding | undefined;
  env: ServiceEnv;
  /** The request's body, where it is watched while it comes in. */
  uploading: Uploading;
  /** When the service answered its first request here, in Unix milliseconds. */
  since: number;
  /** The matched route's path, for metrics and logs. */
  route: string | undefined;
}

/** The Hono environment of a handler: `c.var` holds these once access has been granted. */
export interface HandlerEnv<Deps, Caller extends Actor = Actor> {
  Bindings: RequestState<Deps>;
  Variables: { actor: Caller; deps: Deps; invocation: Invocation };
}

export type ServiceContext<Deps = unknown, Caller extends Actor = Actor> = Context<HandlerEnv<Deps, Caller>>;
