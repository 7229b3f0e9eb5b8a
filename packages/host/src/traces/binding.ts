import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace";
import type { SpanSink } from "@trivet/platform";
import { type Collector, readableSpan } from "@trivet/platform/spans";

export interface SpansBinding extends SpanSink {
  /** Sends off what is left. */
  close(): Promise<void>;
}

/** Milliseconds: who looks at a trace that was just made should not wait for it. */
const delay = 1_000;
/** While the process stops, a collector that does not answer holds it up no longer than this. */
const patience = 2_000;

/**
 * What the services of this process tell of their spans goes to a collector in batches, by OpenTelemetry's own
 * processor and exporter: it tries again, and where a collector is gone for long it drops spans instead of keeping them.
 */
export function spansBinding({ url, headers }: Collector): SpansBinding {
  const exporter = new OTLPTraceExporter({ url, headers });
  const processor = new BatchSpanProcessor({ exporter, scheduledDelayMillis: delay, maxQueueSize: 8_192 });
  return {
    take: (span) => processor.onEnd(readableSpan(span)),
    async close() {
      await Promise.race([processor.shutdown(), new Promise((resolve) => setTimeout(resolve, patience).unref())]);
    },
  };
}
