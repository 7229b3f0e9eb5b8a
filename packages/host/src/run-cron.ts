import { jobsOf, newController } from "./crons/index.ts";
import { drain } from "./drain/index.ts";
import { configure, type HostOptions } from "./host.ts";
import { startLogs } from "./logs/index.ts";
import { currentRuntime } from "./runtime.ts";

/**
 * Runs one cron of a service now, in this process, whatever its ticks: those are run as if this had not been. Of the
 * `services` in `options` it is one; the others are there for it to call. Rejects as the run does.
 */
export async function runCron(options: HostOptions, service: string, cron: string): Promise<void> {
  // Nothing is listened to, so no port is too many.
  const { settings, logOptions, selected, assembly } = await configure({ ...options, port: 0 }, await currentRuntime());
  const logs = startLogs(logOptions);
  try {
    const job = jobsOf(selected, assembly.callees).find((one) => one.service === service && one.schedule.cron === cron);
    if (!job) throw new Error(`${service} has no cron ${cron}`);
    await job.run(newController(cron, Date.now()));
  } finally {
    await drain({ servers: [], scheduler: undefined, ...assembly }, settings.drainTimeout);
    await logs.close();
  }
}
