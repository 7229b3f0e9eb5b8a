import {
  describeError,
  faultName,
  type Invocation,
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

/** What an invocation may leave to be done after its answer. */
type Afterwards = Pick<Invocation, "waitUntil" | "defer">;

/** How a service tells of its spans. */
export interface Tracing {
  /** Of the traces that begin here, the part that is told of; from 0 to 1. */
  part: number;
  spansOf(work: Afterwards, log: Logger): InvocationSpans;
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
  return { part, spansOf: (work, log) => ownSpans(collector, work, log) };
}

/**
 * An invocation on Workers sends its spans off after its answer, and those of what it does after that when it is done
 * with it: there is no later for anybody else.
 */
function ownSpans(collector: Collector, work: Afterwards, log: Logger): InvocationSpans {
  let waiting: Span[] = [];
  let ended = false;
  const send = async (): Promise<void> => {
    if (waiting.length === 0) return;
    const spans = waiting;
    waiting = [];
    try {
      await postSpans(collector, spans);
    } catch (error) {
      log.warn("The collector of traces did not take {spans} spans", {
        spans: spans.length,
        fault: describeError(error),
      });
    }
  };
  return {
    take(span) {
      waiting.push(span);
      if (ended && waiting.length === 1) work.defer(send);
    },
    sendOff() {
      ended = true;
      work.waitUntil(send());
    },
  };
}

/**
 * Ends the span of an invocation, whose name is often known by then only. Of an error its name is told, and not what it
 * says, which may repeat what was sent.
 */
export type EndOwnSpan = (name: string, attributes: SpanAttributes, fault?: unknown) => void;

const untold: EndOwnSpan = () => {};

/**
 * Begins the span that is the invocation itself, which those of its parts lie below. `others` are of other traces that
 * this work is a part of, too: each gets a span of its own, and they link to one another.
 */
export function beginOwnSpan(
  { service, trace, spans }: { service: string; trace: TraceContext; spans: InvocationSpans | undefined },
  kind: SpanKind,
  others: readonly TraceContext[] = [],
): EndOwnSpan {
  if (!spans) return untold;
  const { startedAt, now } = startClock();
  const placed = [
    { trace, links: others.map(({ traceId, parentId = "" }) => ({ traceId, spanId: parentId })) },
    ...others.map((other) => ({ trace: other, links: [trace] })),
  ].filter((one) => one.trace.sampled);
  return (name, attributes, fault) => {
    const named = fault === undefined ? undefined : faultName(fault);
    const endedAt = now();
    for (const place of placed)
      spans.take({ service, name, kind, ...place, startedAt, endedAt, attributes, fault: named });
    spans.sendOff();
  };
}
