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

/** How a body travels: `json` unless a message says otherwise; `v8` for what `structuredClone` can copy. */
export type QueueContentType = "json" | "text" | "bytes" | "v8";

export interface QueueSendOptions {
  contentType?: QueueContentType;
  /** Until the first delivery, up to a day; the producer's `delivery_delay` when left out. */
  delaySeconds?: number;
}

export interface QueueSendRequest<Body = unknown> extends QueueSendOptions {
  body: Body;
}

/** How much of a queue there is. */
export interface QueueMetrics {
  /** Messages that wait or are in the hands of a consumer. */
  readonly backlogCount: number;
  /** Of their bodies, about. */
  readonly backlogBytes: number;
  /** When the oldest of them was sent; left out where there is none, or 1970. */
  readonly oldestMessageTimestamp?: Date;
}

/** `[[queues.producers]]`: resolves when the message is stored where no crash loses it. */
export interface QueueBinding<Body = unknown> {
  send(body: Body, options?: QueueSendOptions): Promise<unknown>;
  /** All of the messages or none; 100 at most, and 256 KB. */
  sendBatch(messages: Iterable<QueueSendRequest<Body>>, options?: { delaySeconds?: number }): Promise<unknown>;
  metrics(): Promise<QueueMetrics>;
}

export interface QueueRetryOptions {
  /** Until the next delivery; the consumer's `retry_delay` when left out. */
  delaySeconds?: number;
  /** What went wrong, for whoever looks at a dead letter. The host keeps it; Cloudflare takes no notice. */
  cause?: unknown;
}

/** Delivered at least once. The first of `ack` and `retry` that is called holds, whatever the handler does then. */
export interface QueueMessage<Body = unknown> {
  /** The same at every delivery. */
  readonly id: string;
  /** When it was sent. */
  readonly timestamp: Date;
  readonly body: Body;
  /** 1 at the first delivery. */
  readonly attempts: number;
  /** Of a dead letter on the host: what its last attempt failed of. Cloudflare does not tell. */
  readonly cause?: string;
  ack(): void;
  retry(options?: QueueRetryOptions): void;
}

/** `[[queues.consumers]]`: what nothing was called on is acknowledged when the handler returns, else retried. */
export interface MessageBatch<Body = unknown> {
  readonly queue: string;
  readonly messages: readonly QueueMessage<Body>[];
  ackAll(): void;
  retryAll(options?: QueueRetryOptions): void;
}

/** `[[ratelimits]]`: whether one more request of a key is within the limit. */
export interface RateLimitBinding {
  limit(options: { key: string }): Promise<{ success: boolean }>;
}

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

/** Likewise the queues. */
export const handledQueues: unique symbol = Symbol.for("trivet.handledQueues");

/** The secrets that a Worker can do without: what it cannot do without is `[secrets] required` of its manifest. */
export const optionalSecrets: unique symbol = Symbol.for("trivet.optionalSecrets");

/**
 * On a Response whose body other answers have, too: any object that stands for it, so that a host which turns bodies into
 * something else, as compression does, has to do it once. A symbol, for the same reason.
 */
export const sharedBody: unique symbol = Symbol.for("trivet.sharedBody");

/** The default export of `src/worker.ts`. */
export interface WorkerModule<Env = never> {
  fetch(request: Request, env: Env, ctx: InvocationContext): Response | Promise<Response>;
  /** Runs at the ticks of `[triggers] crons`; may run again for the same tick when it throws or its process dies. */
  scheduled?(controller: ScheduledController, env: Env, ctx: InvocationContext): void | Promise<void>;
  readonly [handledCrons]?: readonly string[];
  /** Takes the batches of the queues that its manifest consumes. */
  queue?(batch: MessageBatch, env: Env, ctx: InvocationContext): void | Promise<void>;
  readonly [handledQueues]?: readonly string[];
  /** Names every missing or malformed variable of `env`; the host asks before it opens a port. */
  [checkEnv]?(env: Env): string[];
  readonly [optionalSecrets]?: readonly string[];
}
