import {
  continueTrace,
  describeError,
  type InvocationContext,
  isSampled,
  type MessageBatch,
  messagingSystem,
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
    const traces = tracesOf(batch.messages, mounted.tracing?.part);
    await run(mounted, { ...job, ...traces }, batch.messages.length, (deps) => handler.batch(deps, batch));
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
  /** Spans of other traces that this is the processing of, too. */
  others?: readonly TraceContext[];
}

/** Leaves one log line and a count for each message; rejects as the handler does. */
async function run<Env extends ServiceEnv, Deps>(
  mounted: Mounted<Env, Deps>,
  { queue, deadline, ctx, trace, others = [] }: Job,
  messages: number,
  handle: (deps: Deps) => Promise<void>,
): Promise<void> {
  const started = performance.now();
  const { service, metrics, env, tracing } = mounted;
  const work = new Work(ctx);
  const invocation = beginJob(mounted, `queue:${queue}`, work, deadline, trace);
  const elsewhere = others.some(({ sampled }) => sampled) ? tracing?.spansOf(work, mounted.log) : undefined;
  const endSpan = beginOwnSpan(
    { service: service.name, trace, spans: invocation.spans ?? elsewhere },
    "consumer",
    others,
  );
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
      "messaging.system": messagingSystem,
      "messaging.operation.name": "process",
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

/**
 * Of a batch that is handled as a whole. Where all of it comes from one piece of work it is in the trace of that; else
 * it has a trace of its own, and a span in each of those.
 */
function tracesOf(messages: readonly QueueMessage[], part = 1): { trace: TraceContext; others: TraceContext[] } {
  const origins = new Map<string | undefined, TraceContext>();
  for (const message of messages) {
    const trace = readableTraceOf(message, part);
    origins.set(trace.parentId, trace);
  }
  const traces = [...origins.values()];
  const [only] = traces;
  if (only && traces.length === 1) return { trace: only, others: [] };
  return { trace: newTrace(part), others: traces.filter(({ parentId }) => parentId !== undefined) };
}

/** What becomes of a body that cannot be read is for its handler to say. */
function readableTraceOf(message: QueueMessage, part: number): TraceContext {
  try {
    return traceOf(message, part);
  } catch {
    return newTrace(part);
  }
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
