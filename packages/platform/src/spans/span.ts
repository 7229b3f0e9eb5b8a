import type { TraceContext } from "../trace.ts";

/** What a span is to its trace, in OpenTelemetry's words. */
export type SpanKind = "internal" | "server" | "client" | "producer" | "consumer";

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** A piece of work that has ended, as a collector of traces is told of it. */
export interface Span {
  service: string;
  /** Few different ones: a route's pattern, never a path. */
  name: string;
  kind: SpanKind;
  trace: TraceContext;
  /** Unix milliseconds, with fractions. */
  startedAt: number;
  endedAt: number;
  /** By the semantic conventions: https://opentelemetry.io/docs/specs/semconv/. */
  attributes: SpanAttributes;
  /** What went wrong, in few words; nothing of what was sent. */
  fault: string | undefined;
}

/** Takes spans in passing, and sees to it that they are delivered. Never throws. */
export interface SpanSink {
  take(span: Span): void;
}
