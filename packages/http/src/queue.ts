import {
  continueTrace,
  describeError,
  type InvocationContext,
  isSampled,
  type MessageBatch,
  newTrace,
  type QueueMessage,
  type TraceContext,
} from "@trivet/platform";
import type { ServiceEnv } from "./env.ts";
import type { QueueHandler } from "./handlers.ts";
import { beginJob, Work } from "./invocation.ts";
import { jobCall } from "./job-call.ts";
import type { Mounted } from "./mounted.ts";
import { beginOwnSpan } from "./observe/spans.ts";

/** Milliseconds a batch may take: what Cloudflare grants one. */
const longestRun = 15 * 60_000;

/**
 * Hands a batch to the handler of its queue. Message by message, each is an invocation of its own in the trace it came
 * from, and one that fails is retried alone; as a whole, the handler says what becomes of it as on Cloudflare.
 */
export async function handleBatch<Env extends ServiceEnv, Deps>(
  mounted: Mounted<Env, Deps>,
  batch: MessageBatch,
  ctx: InvocationContext,
): Promise<void> {
  const deadline = Date.now() + longestRun;
  const handler = handlerOf(mounted, batch.queue);
  const job = { queue: batch.queue, deadline, ctx };
  if ("batch" in handler) {
    await run(mounted, { ...job, trace: newTrace(mounted.tracing?.part) }, batch.messages.length, (deps) =>
      handler.batch(deps, batch),
    );
    return;
  }
  const { each, retryAfter } = typeof handler === "function" ? { each: handler, retryAfter: undefined } : handler;
  // One after the other: on Workers a whole batch shares six connections.
  for (const message of batch.messages) {
    try {
      await run(mounted, { ...job, trace: traceOf(message, mounted.tracing?.part) }, 1, (deps) => each(deps, message));
      message.ack();
    } catch (cause) {
      // It has been logged; the others of its batch are none the worse for it.
      message.retry({ cause, ...(retryAfter && { delaySeconds: retryAfter(message.attempts) }) });
    }
  }
}

interface Job {
  queue: string;
  deadline: number;
  ctx: InvocationContext;
  trace: TraceContext;
}

/** Leaves one log line and a count for each message; rejects as the handler does. */
async function run<Env extends ServiceEnv, Deps>(
  mounted: Mounted<Env, Deps>,
  { queue, deadline, ctx, trace }: Job,
  messages: number,
  handle: (deps: Deps) => Promise<void>,
): Promise<void> {
  const started = performance.now();
  const { service, metrics, env } = mounted;
  const work = new Work(ctx);
  const invocation = beginJob(mounted, `queue:${queue}`, work, deadline, trace);
  const endSpan = beginOwnSpan(invocation, "consumer");
  const finish = (status: "succeeded" | "failed", error?: unknown): void => {
    metrics.jobs.inc({ service: service.name, job_type: `queue:${queue}`, status }, messages);
    invocation.log[status === "failed" ? "error" : "info"]("{messages} of the queue {queue} {status} after {ms} ms", {
      queue,
      messages,
      status,
      ms: Math.round((performance.now() - started) * 100) / 100,
      ...(status === "failed" && { fault: describeError(error) }),
    });
    const attributes = {
      "messaging.operation.type": "process",
      "messaging.destination.name": queue,
      "messaging.batch.message_count": messages,
    };
    endSpan(`process ${queue}`, attributes, status === "failed" ? error : undefined);
    work.finish();
  };
  try {
    await handle(service.deps({ env, invocation, call: jobCall(invocation, env.SERVICE_JWT_SECRET, mounted.keys) }));
  } catch (error) {
    finish("failed", error);
    throw error;
  }
  finish("succeeded");
}

/** A body that is an event's envelope says to which trace it belongs; its id tells whether that is sampled. */
function traceOf({ body }: QueueMessage, part = 1): TraceContext {
  if (typeof body !== "object" || body === null || !("trace_id" in body && "span_id" in body)) return newTrace(part);
  const flags = isSampled(String(body.trace_id), part) ? "01" : "00";
  return continueTrace(
    new Headers({ traceparent: `00-${String(body.trace_id)}-${String(body.span_id)}-${flags}` }),
    part,
  );
}

function handlerOf<Env extends ServiceEnv, Deps>(
  { service, queues }: Mounted<Env, Deps>,
  queue: string,
): QueueHandler<Deps> {
  const handler = Object.hasOwn(queues, queue) ? queues[queue] : undefined;
  if (handler) return handler;
  throw new Error(
    `${service.name} has no handler for the queue "${queue}"; it has ${Object.keys(queues).join(", ") || "none"}.`,
  );
}
