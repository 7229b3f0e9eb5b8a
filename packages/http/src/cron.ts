import { describeError, type InvocationContext, type ScheduledController } from "@trivet/platform";
import type { ServiceEnv } from "./env.ts";
import type { CronHandler } from "./handlers.ts";
import { beginJob, Work } from "./invocation.ts";
import { jobCall } from "./job-call.ts";
import type { Mounted } from "./mounted.ts";
import { beginOwnSpan } from "./observe/spans.ts";

/** Milliseconds a run may take: what Cloudflare grants one. */
const longestRun = 15 * 60_000;

/** Runs the handler of a tick, and leaves one log line and one count; rejects as the handler does. */
export async function runCron<Env extends ServiceEnv, Deps>(
  mounted: Mounted<Env, Deps>,
  controller: ScheduledController,
  ctx: InvocationContext,
): Promise<void> {
  const started = performance.now();
  const { service, metrics, env } = mounted;
  const { cron } = controller;
  const work = new Work(ctx);
  const invocation = beginJob(mounted, `cron:${cron}`, work, Date.now() + longestRun);
  const endSpan = beginOwnSpan(invocation, "internal");
  const finish = (status: "succeeded" | "failed", error?: unknown): void => {
    metrics.jobs.inc({ service: service.name, job_type: `cron:${cron}`, status });
    invocation.log[status === "failed" ? "error" : "info"]("Cron {cron} {status} after {ms} ms", {
      cron,
      status,
      ms: Math.round((performance.now() - started) * 100) / 100,
      scheduled_time: new Date(controller.scheduledTime).toISOString(),
      ...(status === "failed" && { fault: describeError(error) }),
    });
    endSpan(`cron ${cron}`, { "trivet.cron": cron }, status === "failed" ? error : undefined);
    work.finish();
  };
  try {
    const call = jobCall(invocation, env.SERVICE_JWT_SECRET, mounted.keys);
    await handlerOf(service, cron)(service.deps({ env, invocation, call }), controller);
  } catch (error) {
    finish("failed", error);
    throw error;
  }
  finish("succeeded");
}

function handlerOf<Deps>(
  { name, crons = {} }: { name: string; crons?: Readonly<Record<string, CronHandler<Deps>>> },
  cron: string,
): CronHandler<Deps> {
  const handler = Object.hasOwn(crons, cron) ? crons[cron] : undefined;
  if (handler) return handler;
  const known = Object.keys(crons).map((one) => `"${one}"`);
  throw new Error(`${name} has no handler for the cron "${cron}"; it has ${known.join(", ") || "none"}.`);
}
