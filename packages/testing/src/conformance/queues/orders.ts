import { join } from "node:path";

/** What a handler is to do when a message comes: with it, or with its whole batch. */
export type Act =
  | "ack"
  | "retry"
  | "ackAll"
  | "retryAll"
  | "throw"
  | { kind: "retry" | "retryAll"; delaySeconds: number };

/** A message that tells its handler what to do. */
export interface Order {
  /** Names the case; its deliveries are found by it. */
  run: string;
  name: string;
  /** For each attempt, what to do; for those beyond, nothing. */
  acts: Act[][];
}

/** A batch as its handler saw it. */
export interface Entry {
  queue: string;
  /** In Unix milliseconds. */
  at: number;
  messages: { name: string; attempts: number; id: string; sentAt: number; body?: string; cause?: string }[];
}

/** What `metrics()` answers. */
export interface Metrics {
  backlogCount: number;
  backlogBytes: number;
  /** In Unix milliseconds; 0 where nothing waits. */
  oldest: number;
}

/** A body as it is asked for over HTTP: JSON, or the name of what has none. */
export type BodySpec = { json: unknown } | { text: string } | { bytes: number[] } | { made: string };

export interface SendSpec {
  body: BodySpec;
  contentType?: string;
  delaySeconds?: number;
}

export interface SendRequest {
  binding: string;
  messages: SendSpec[];
  /** By `sendBatch`, even one. */
  batch?: { delaySeconds?: number };
}

/** A queue and its consumer, as `wrangler.toml` names their options. */
export interface QueueSpec {
  binding: string;
  queue: string;
  delivery_delay?: number;
  consumer?: {
    max_batch_size: number;
    max_batch_timeout: number;
    max_retries: number;
    dead_letter_queue?: string;
    max_concurrency?: number;
    retry_delay?: number;
  };
}

/** The manifest of a Worker over these queues. */
export function manifestOf(main: string, queues: readonly QueueSpec[]): string {
  const lines = [`name = "queue-suite"`, `main = ${JSON.stringify(main)}`];
  for (const { binding, queue, delivery_delay, consumer } of queues) {
    lines.push("[[queues.producers]]", ...settings({ binding, queue, delivery_delay }));
    if (consumer) lines.push("[[queues.consumers]]", ...settings({ queue, ...consumer }));
  }
  return `${lines.join("\n")}\n`;
}

const settings = (section: Record<string, string | number | undefined>): string[] =>
  Object.entries(section).flatMap(([key, value]) => (value === undefined ? [] : [`${key} = ${JSON.stringify(value)}`]));

/** The module that handles orders. */
export const entry = join(import.meta.dirname, "worker.ts");
