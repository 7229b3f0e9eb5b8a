import { TrivetError } from "../errors.ts";
import type { Invocation } from "../invocation.ts";
import { childOf, type TraceContext } from "../trace.ts";
import type { SpanAttributes, SpanKind, SpanLink } from "./span.ts";

/** A piece of work that is under way. */
export interface OpenSpan {
  /** What the next hop continues. */
  trace: TraceContext;
  end(attributes?: SpanAttributes, fault?: unknown): void;
}

/** Whether anybody is told of the spans of this invocation. */
export const isTraced = ({ spans, trace }: Pick<Invocation, "spans" | "trace">): boolean =>
  spans !== undefined && trace.sampled;

/**
 * Begins a piece of the invocation's work that has a span of its own. Costs nothing where nobody is told of it. `links`
 * are what it is about without being a part of it.
 */
export function beginSpan(
  invocation: Pick<Invocation, "service" | "trace" | "spans">,
  kind: SpanKind,
  name: string,
  links: readonly SpanLink[] = [],
): OpenSpan {
  if (!isTraced(invocation)) return { trace: invocation.trace, end: () => {} };
  const trace = childOf(invocation.trace);
  const { startedAt, now } = startClock();
  return {
    trace,
    end(attributes = {}, fault) {
      const named = fault === undefined ? undefined : faultName(fault);
      const { service } = invocation;
      invocation.spans?.take({
        service,
        name,
        kind,
        trace,
        links,
        startedAt,
        endedAt: now(),
        attributes,
        fault: named,
      });
    },
  };
}

/** What is asked of another service at one try. */
export interface Hop {
  method: string;
  /** A pattern, or the path where that is one of few; none where neither is known. */
  route?: string;
  service: string;
  /** From 1. */
  attempt: number;
}

/**
 * Ends the span of a try by what came of it: an answer, or an error
 * (https://opentelemetry.io/docs/specs/semconv/http/http-spans/).
 */
export function endHop(span: OpenSpan, { method, route, service, attempt }: Hop, outcome: unknown): void {
  const answered = outcome instanceof Response;
  const failed = !answered || outcome.status >= 400;
  const fault = answered ? String(outcome.status) : faultName(outcome);
  span.end(
    {
      "http.request.method": method,
      "server.address": service,
      ...(route !== undefined && { "url.template": route }),
      ...(answered && { "http.response.status_code": outcome.status }),
      ...(attempt > 1 && { "http.request.resend_count": attempt - 1 }),
      ...(failed && { "error.type": fault }),
    },
    failed ? fault : undefined,
  );
}

/** What a trace says of a failure: a code or the name of the error, because its message may repeat what was sent. */
export function faultName(fault: unknown): string {
  if (typeof fault === "string") return fault;
  if (fault instanceof TrivetError) return fault.code;
  return fault instanceof Error ? fault.name : typeof fault;
}

/** A clock that starts at the time of day and then never goes back: how long a piece of work took is not to be negative. */
export function startClock(): { startedAt: number; now(): number } {
  const startedAt = Date.now();
  const began = performance.now();
  return { startedAt, now: () => startedAt + performance.now() - began };
}
