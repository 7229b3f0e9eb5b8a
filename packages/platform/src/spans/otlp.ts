import {
  createTraceState,
  type HrTime,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
} from "@opentelemetry/api";
import { JsonTraceSerializer } from "@opentelemetry/otlp-transformer";
import { type Resource, resourceFromAttributes } from "@opentelemetry/resources";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { TraceContext } from "../trace.ts";
import type { Span } from "./span.ts";

const kinds: Record<Span["kind"], SpanKind> = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

const scope = { name: "trivet" };

const resources = new Map<string, Resource>();

/** One for each service that was ever named, of which there are few. */
function resourceOf(service: string): Resource {
  const known = resources.get(service);
  if (known) return known;
  const made = resourceFromAttributes({ "service.name": service, "service.namespace": "trivet" });
  resources.set(service, made);
  return made;
}

/** A span in the shape that OpenTelemetry's processors and exporters take. */
export const readableSpan = (span: Span): ReadableSpan => ({
  name: span.name,
  kind: kinds[span.kind],
  spanContext: () => contextOf(span.trace, span.trace.spanId),
  ...(span.trace.parentId !== undefined && { parentSpanContext: contextOf(span.trace, span.trace.parentId) }),
  startTime: timeOf(span.startedAt),
  endTime: timeOf(span.endedAt),
  duration: timeOf(span.endedAt - span.startedAt),
  ended: true,
  status:
    span.fault === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: span.fault },
  attributes: { ...span.attributes },
  links: (span.links ?? []).map(({ traceId, spanId }) => ({
    context: { traceId, spanId, traceFlags: TraceFlags.SAMPLED },
  })),
  ...{ events: [], droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 },
  resource: resourceOf(span.service),
  instrumentationScope: scope,
});

const contextOf = ({ traceId, sampled, state }: TraceContext, spanId: string): SpanContext => ({
  traceId,
  spanId,
  traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
  ...(state !== undefined && { traceState: createTraceState(state) }),
});

/** Seconds and nanoseconds; a number of milliseconds has no room for the whole of both. */
const timeOf = (milliseconds: number): HrTime => {
  const seconds = Math.floor(milliseconds / 1_000);
  return [seconds, Math.round((milliseconds - seconds * 1_000) * 1e6)];
};

/** Where a collector is, as OpenTelemetry's variables say it: https://opentelemetry.io/docs/specs/otel/protocol/exporter/. */
export interface Collector {
  /** Of `/v1/traces`. */
  url: string;
  headers: Record<string, string>;
}

/** `OTEL_EXPORTER_OTLP_HEADERS`, as in `authorization=Bearer%20abc,x-team=7`; undefined where it is not of that form. */
export function parseHeaders(given: string): Record<string, string> | undefined {
  const headers: Record<string, string> = {};
  for (const pair of given.split(",").filter((one) => one.trim() !== "")) {
    const [, name, value] = /^\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    if (name === undefined || value === undefined) return undefined;
    try {
      headers[name.toLowerCase()] = decodeURIComponent(value);
    } catch {
      return undefined;
    }
  }
  return headers;
}

/** `OTEL_EXPORTER_OTLP_ENDPOINT` is the address below which each kind of data has a path of its own. */
export const tracesUrl = (endpoint: string): string => `${endpoint.replace(/\/+$/, "")}/v1/traces`;

/** Milliseconds. */
const patience = 10_000;

/** Sends spans off in one request. Rejects when the collector does not take them. */
export async function postSpans({ url, headers }: Collector, spans: readonly Span[]): Promise<void> {
  const body = JsonTraceSerializer.serializeRequest(spans.map(readableSpan));
  if (!body) return;
  const response = await fetch(url, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: new Uint8Array(body),
    signal: AbortSignal.timeout(patience),
    redirect: "manual",
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`The collector of traces answered ${response.status}.`);
}
