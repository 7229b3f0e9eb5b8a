import { runtimeName } from "@trivet/platform";
import { z } from "zod";

const checkResult = z.object({
  status: z.enum(["healthy", "unhealthy"]),
  latency_ms: z.int().nonnegative().meta({ description: "How long the answer took" }),
});

export const health = z
  .object({
    status: z.enum(["ok", "degraded"]).meta({ description: "`degraded`: something it cannot work without is down" }),
    service: z.string(),
    version: z.string(),
    runtime: z.string().meta({ description: "`node`, `bun` or `workerd`" }),
    uptime_s: z.int().nonnegative().meta({ description: "Seconds since its first request here" }),
    database: z.enum(["connected", "disconnected"]).optional().meta({ description: "Of a service that has one" }),
    checks: z.record(z.string(), checkResult).meta({ description: "What it cannot work without, by name" }),
  })
  .meta({ id: "Health", description: "The state of one service" });

type CheckResult = z.output<typeof checkResult>;
type Health = z.output<typeof health>;

export type Checks = Record<string, () => Promise<unknown>>;

const timeLimit = 1_000;

/** Asks every part the service cannot work without, at the same time and no longer than a second. */
export async function takeHealth(about: { service: string; version: string; since: number }, checks: Checks) {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await take(check)] as const),
  );
  const report: Health = {
    status: results.every(([, { status }]) => status === "healthy") ? "ok" : "degraded",
    service: about.service,
    version: about.version,
    runtime: runtimeName(),
    uptime_s: Math.round((Date.now() - about.since) / 1_000),
    checks: Object.fromEntries(results),
  };
  const database = report.checks.database;
  if (database) report.database = database.status === "healthy" ? "connected" : "disconnected";
  return report;
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
