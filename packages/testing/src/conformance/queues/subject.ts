import { z } from "zod";
import type { Entry, Metrics, SendRequest } from "./orders.ts";

const entry = z.object({
  queue: z.string(),
  at: z.number(),
  messages: z.array(
    z.object({
      name: z.string(),
      attempts: z.number(),
      id: z.string(),
      sentAt: z.number(),
      body: z.string().optional(),
      cause: z.string().optional(),
    }),
  ),
});

/** The suite's Worker, running somewhere, and its queues. */
export interface QueueSubject {
  /** `sent`, or the error's name and message. */
  send(request: SendRequest): Promise<string>;
  /** What the producer of this name says waits in its queue. */
  metrics(binding: string): Promise<Metrics>;
  /** The batches of one run so far. */
  log(run: string): Promise<Entry[]>;
  logs(): Promise<Record<string, Entry[]>>;
  stop(): Promise<void>;
  /** What its process has written, where it is one. */
  output?(): string;
}

export type Ask = (path: string, body?: string) => Promise<{ json(): Promise<unknown> }>;

export function subjectOf(ask: Ask, stop: () => Promise<void>): QueueSubject {
  return {
    send: async (request) => z.string().parse(await (await ask("/send", JSON.stringify(request))).json()),
    metrics: async (binding) => metrics.parse(await (await ask(`/metrics?binding=${binding}`)).json()),
    log: async (run) => entriesOf(await (await ask(`/log?run=${encodeURIComponent(run)}`)).json()),
    logs: async () => logsOf(await (await ask("/logs")).json()),
    stop,
  };
}

const metrics = z.object({ backlogCount: z.number(), backlogBytes: z.number(), oldest: z.number() });
const list = z.array(entry);
const entriesOf = (value: unknown): Entry[] => list.parse(value).map(withoutUndefined);
const logsOf = (value: unknown): Record<string, Entry[]> =>
  Object.fromEntries(
    Object.entries(z.record(z.string(), list).parse(value)).map(([run, of]) => [run, of.map(withoutUndefined)]),
  );

const withoutUndefined = ({ messages, ...rest }: z.output<typeof entry>): Entry => ({
  ...rest,
  messages: messages.map(({ body, cause, ...message }) => ({
    ...message,
    ...(body !== undefined && { body }),
    ...(cause !== undefined && { cause }),
  })),
});
