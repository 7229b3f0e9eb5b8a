import type { BreakerState, Upstreams } from "@trivet/platform";
import { Counter, Gauge, Histogram, register as processRegistry, Registry } from "prom-client";

/** The instruments of one service. */
export interface Metrics {
  requests: RequestMetrics;
  jobs: Counter<"service" | "job_type" | "status">;
  encrypted: Counter<"service" | "outcome">;
  /** Prometheus text format 0.0.4: this service's samples, these, and the process's own. */
  render(asked: readonly Measure[]): Promise<string>;
}

/** A measurement that a service takes of itself; counters only ever grow. */
export interface Measure {
  name: string;
  help: string;
  kind: "counter" | "gauge";
  samples: readonly { labels: Readonly<Record<string, string>>; value: number }[];
}

/** Seconds; fine where answers should be, coarse where they should not. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export const metricsContentType = processRegistry.contentType;

/** How many requests are being answered, and how long each took. */
export interface RequestMetrics {
  begun(): void;
  /** `route` is a pattern, never a path: labels and their cost must not grow with what strangers ask for. */
  ended(method: string, route: string, status: number, seconds: number): void;
}

/** `measures` is asked when somebody looks, so that it costs nothing meanwhile. */
export function createMetrics(service: string, upstreams: Upstreams, measures: () => readonly Measure[]): Metrics {
  const registry = new Registry();
  const registers = [registry];
  upstreamMetrics(service, upstreams, registers);
  return {
    requests: requestMetrics(service, registers),
    jobs: new Counter({
      name: "background_jobs_total",
      help: "Jobs that have been run",
      labelNames: ["service", "job_type", "status"],
      registers,
    }),
    encrypted: new Counter({
      name: "encrypted_requests_total",
      help: "Requests that came encrypted: opened, or why not",
      labelNames: ["service", "outcome"],
      registers,
    }),
    // The host collects the runtime's defaults (memory, event loop) in the process-wide registry.
    render: async (asked) => {
      const own = measuresText(service, [...measures(), ...asked]);
      return [await registry.metrics(), own, await processRegistry.metrics()].join("\n");
    },
  };
}

/** Keeps the series it writes to, because finding one by its labels costs more than writing to it. */
function requestMetrics(service: string, registers: Registry[]): RequestMetrics {
  const duration = new Histogram({
    name: "http_request_duration_seconds",
    help: "Time from the request's arrival to its answer",
    labelNames: ["method", "route", "status_code", "service"],
    buckets,
    registers,
  });
  const gauge = new Gauge({
    name: "active_connections",
    help: "Requests being answered now",
    labelNames: ["service"],
    registers,
  });
  const active = gauge.labels(service);
  const series = new Map<string, { observe(seconds: number): void }>();
  const seriesOf = (method: string, route: string, status: number) => {
    const name = `${method} ${status} ${route}`;
    const known = series.get(name);
    if (known) return known;
    const made = duration.labels(method, route, String(status), service);
    series.set(name, made);
    return made;
  };
  return {
    begun: () => active.inc(),
    ended(method, route, status, seconds) {
      active.dec();
      seriesOf(method, route, status).observe(seconds);
    },
  };
}

const circuitStates: Record<BreakerState, number> = { closed: 0, "half-open": 1, open: 2 };

/** Read when somebody looks, so that they cost nothing meanwhile. */
function upstreamMetrics(service: string, upstreams: Upstreams, registers: Registry[]): void {
  const labelNames = ["service", "target"] as const;
  new Gauge({
    name: "circuit_state",
    help: "The circuit to another service: 0 closed, 1 half-open, 2 open",
    labelNames,
    registers,
    collect() {
      for (const { name, breaker } of upstreams) this.set({ service, target: name }, circuitStates[breaker.state]);
    },
  });
  new Gauge({
    name: "upstream_requests_waiting",
    help: "Requests to another service that wait for its answer",
    labelNames,
    registers,
    collect() {
      for (const { name, waiting } of upstreams) this.set({ service, target: name }, waiting);
    },
  });
}

/** Names and labels come from the code, so nothing in them needs escaping. */
function measuresText(service: string, measures: readonly Measure[]): string {
  const lines = measures.flatMap(({ name, help, kind, samples }) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${kind}`,
    ...samples.map(({ labels, value }) => `${name}{${labelsText({ service, ...labels })}} ${value}`),
  ]);
  return lines.map((line) => `${line}\n`).join("");
}

const labelsText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(",");
