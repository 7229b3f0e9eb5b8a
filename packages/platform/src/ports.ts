/**
 * The shapes a service may find in its `env`, in Web types only.
 *
 * They are the part of Cloudflare's bindings that Trivet relies on. Cloudflare supplies them on
 * Workers; `packages/host` supplies them on Node and Bun from the same `wrangler.toml`.
 */

/** `[[services]]`: another Worker, reached by `fetch`. The host part of the URL is ignored. */
export interface ServiceBinding {
  fetch(request: Request): Promise<Response>;
}

/** `[assets]`: static files. The host part of the URL is ignored; a missing file answers 404. */
export interface AssetsBinding {
  fetch(request: Request): Promise<Response>;
}

/** `[[hyperdrive]]`: a Postgres database. */
export interface DatabaseBinding {
  /** `postgres://role:password@host:port/database` of this service's own role. */
  readonly connectionString: string;
  /**
   * Present where a connection may outlive the invocation that opened it. Workers forbid that (an
   * I/O object belongs to one invocation), so Cloudflare's binding has no such member.
   */
  readonly keep?: Keep;
}

/** Opens a resource once per process and closes it when the process has drained. */
export type Keep = <T>(open: () => T, close: (resource: T) => Promise<void>) => T;

/** What a Worker's handlers get beside the request; `waitUntil` work is finished before a shutdown. */
export interface InvocationContext {
  waitUntil(promise: Promise<unknown>): void;
}

/** The tick of one of a Worker's `[triggers] crons`. */
export interface ScheduledController {
  /** The expression, as the manifest has it. */
  readonly cron: string;
  /** When it was due, in Unix milliseconds; a late run has the time it should have had. */
  readonly scheduledTime: number;
  /** Should this run fail, it is not tried again. */
  noRetry(): void;
}

/** A symbol, so that Cloudflare, which looks at string keys, sees a plain Worker. */
export const checkEnv: unique symbol = Symbol.for("trivet.checkEnv");

/** The crons that a Worker has code for; the host compares them with its manifest. */
export const handledCrons: unique symbol = Symbol.for("trivet.handledCrons");

/** The default export of `src/worker.ts`. */
export interface WorkerModule<Env = never> {
  fetch(request: Request, env: Env, ctx: InvocationContext): Response | Promise<Response>;
  /** Runs at the ticks of `[triggers] crons`; may run again for the same tick when it throws or its process dies. */
  scheduled?(controller: ScheduledController, env: Env, ctx: InvocationContext): void | Promise<void>;
  readonly [handledCrons]?: readonly string[];
  /** Names every missing or malformed variable of `env`; the host asks before it opens a port. */
  [checkEnv]?(env: Env): string[];
}
