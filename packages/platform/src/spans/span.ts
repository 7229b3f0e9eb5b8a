import type { TraceContext } from "../trace.ts";

/** What a span is to its trace, in OpenTelemetry's words. */
export type SpanKind = "internal" | "server" | "client" | "producer" | "consumer";

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** `messaging.system` of queues, whatever keeps them: their semantics are Cloudflare's. */
export const messagingSystem = "cloudflare_queues";

/** Another span, of this trace or another. */
export type SpanLink = Pick<TraceContext, "traceId" | "spanId">;

/** A piece of work that has ended, as a collector of traces is told of it. */
export interface Span {
  service: string;
  /** Few different ones: a route's pattern, never a path. */
  name: string;
  kind: SpanKind;
  trace: TraceContext;
  /** What it is about without being a part of it. */
  links?: readonly SpanLink[];
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
