import { Counter, Gauge, Histogram, register as processRegistry, Registry } from "prom-client";

/** The instruments of one service. */
export interface Metrics {
  duration: Histogram<"method" | "route" | "status_code" | "service">;
  active: Gauge<"service">;
  jobs: Counter<"service" | "job_type" | "status">;
  /** Prometheus text format 0.0.4: this service's samples and the process's own. */
  render(): Promise<string>;
}

/** Seconds; fine where answers should be, coarse where they should not. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export const metricsContentType = processRegistry.contentType;

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  return {
    duration: new Histogram({
      name: "http_request_duration_seconds",
      help: "Time from the request's arrival to its answer",
      labelNames: ["method", "route", "status_code", "service"],
      buckets,
      registers,
    }),
    active: new Gauge({
      name: "active_connections",
      help: "Requests being answered now",
      labelNames: ["service"],
      registers,
    }),
    jobs: new Counter({
      name: "background_jobs_total",
      help: "Jobs that have been run",
      labelNames: ["service", "job_type", "status"],
      registers,
    }),
    // The host collects the runtime's defaults (memory, event loop) in the process-wide registry.
    render: async () => `${await registry.metrics()}\n${await processRegistry.metrics()}`,
  };
}
