import { runtimeName } from "@trivet/platform";

export interface CheckResult {
  status: "healthy" | "unhealthy";
  latency_ms: number;
}

export interface Health {
  status: "ok" | "degraded";
  service: string;
  version: string;
  runtime: string;
  uptime_s: number;
  database?: "connected" | "disconnected";
  checks: Record<string, CheckResult>;
}

export type Checks = Record<string, () => Promise<unknown>>;

const timeLimit = 1_000;

/** Asks every part the service cannot work without, at the same time and no longer than a second. */
export async function takeHealth(about: { service: string; version: string; since: number }, checks: Checks) {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await take(check)] as const),
  );
  const health: Health = {
    status: results.every(([, { status }]) => status === "healthy") ? "ok" : "degraded",
    service: about.service,
    version: about.version,
    runtime: runtimeName(),
    uptime_s: Math.round((Date.now() - about.since) / 1_000),
    checks: Object.fromEntries(results),
  };
  const database = health.checks.database;
  if (database) health.database = database.status === "healthy" ? "connected" : "disconnected";
  return health;
}

async function take(check: () => Promise<unknown>): Promise<CheckResult> {
  const started = Date.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), timeLimit);
  });
  const outcome = await Promise.race([
    check().then(
      () => "healthy" as const,
      () => "failed" as const,
    ),
    timeout,
  ]);
  clearTimeout(timer);
  return { status: outcome === "healthy" ? "healthy" : "unhealthy", latency_ms: Date.now() - started };
}
