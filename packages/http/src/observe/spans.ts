import {
  describeError,
  faultName,
  type Logger,
  type Span,
  type SpanAttributes,
  type SpanKind,
  type SpanSink,
  startClock,
  type TraceContext,
} from "@trivet/platform";
import { type Collector, parseHeaders, postSpans, tracesUrl } from "@trivet/platform/spans";
import type { ServiceEnv } from "../env.ts";

/** Where the spans of one invocation go. */
export interface InvocationSpans extends SpanSink {
  /** The invocation's own span has been taken: what is there is sent off, and what comes later at once. */
  sendOff(): void;
}

/** How a service tells of its spans. */
export interface Tracing {
  /** Of the traces that begin here, the part that is told of; from 0 to 1. */
  part: number;
  spansOf(waitUntil: (work: Promise<unknown>) => void, log: Logger): InvocationSpans;
}

/** By the host's sink where it supplies one; on Workers by the service itself; undefined where nobody collects. */
export function tracingOf(env: ServiceEnv): Tracing | undefined {
  const part = env.OTEL_TRACES_SAMPLER_ARG;
  const { SPANS: sink } = env;
  if (sink) {
    // It is of the process, and sends when it sees fit.
    const spans: InvocationSpans = { take: (span) => sink.take(span), sendOff: () => {} };
    return { part, spansOf: () => spans };
  }
  if (env.OTEL_EXPORTER_OTLP_ENDPOINT === "") return undefined;
  const collector: Collector = {
    url: tracesUrl(env.OTEL_EXPORTER_OTLP_ENDPOINT),
    headers: parseHeaders(env.OTEL_EXPORTER_OTLP_HEADERS) ?? {},
  };
  return { part, spansOf: (waitUntil, log) => ownSpans(collector, waitUntil, log) };
}

/** An invocation on Workers sends its spans off after its answer: there is no later for anybody else. */
function ownSpans(collector: Collector, waitUntil: (work: Promise<unknown>) => void, log: Logger): InvocationSpans {
  let waiting: Span[] = [];
  let ended = false;
  const send = (): void => {
    const spans = waiting;
    waiting = [];
    waitUntil(
      postSpans(collector, spans).catch((error: unknown) =>
        log.warn("The collector of traces did not take {spans} spans", {
          spans: spans.length,
          fault: describeError(error),
        }),
      ),
    );
  };
  return {
    take(span) {
      waiting.push(span);
      if (ended) send();
    },
    sendOff() {
      ended = true;
      if (waiting.length > 0) send();
    },
  };
}

/**
 * Ends the span of an invocation, whose name is often known by then only. Of an error its name is told, and not what it
 * says, which may repeat what was sent.
 */
export type EndOwnSpan = (name: string, attributes: SpanAttributes, fault?: unknown) => void;

const untold: EndOwnSpan = () => {};

/** Begins the span that is the invocation itself, which those of its parts lie below. */
export function beginOwnSpan(
  { service, trace, spans }: { service: string; trace: TraceContext; spans: InvocationSpans | undefined },
  kind: SpanKind,
): EndOwnSpan {
  if (!spans) return untold;
  const { startedAt, now } = startClock();
  return (name, attributes, fault) => {
    const named = fault === undefined ? undefined : faultName(fault);
    spans.take({ service, name, kind, trace, startedAt, endedAt: now(), attributes, fault: named });
    spans.sendOff();
  };
}
