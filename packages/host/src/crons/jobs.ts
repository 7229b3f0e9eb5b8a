import { handledCrons, type WorkerModule } from "@trivet/platform";
import type { Manifest } from "../manifest/index.ts";
import type { Callee } from "../services/index.ts";
import { invokeScheduled } from "./invoke.ts";
import type { Job } from "./run-claim.ts";
import { readSchedule } from "./schedule.ts";

/** The crons of the services that run in this process. */
export function jobsOf(manifests: readonly Manifest[], callees: ReadonlyMap<string, Callee>): Job[] {
  return manifests.flatMap(({ service, crons }) => {
    const callee = callees.get(service);
    if (!callee) return [];
    return crons.flatMap((cron) => {
      const read = readSchedule(cron);
      if ("fault" in read) return [];
      return [{ service, schedule: read.schedule, run: (controller) => invokeScheduled(callee, controller) }];
    });
  });
}

/** What a manifest and its Worker do not agree on: a tick without code, and code that would never run. */
export function handlerFaults({ file, crons }: Manifest, worker: WorkerModule<unknown>): string[] {
  if (crons.length > 0 && !worker.scheduled) return [`${file}: \`triggers.crons\` needs a Worker with \`scheduled\``];
  const handled = worker[handledCrons];
  if (!handled) return [];
  return [
    ...crons
      .filter((cron) => !handled.includes(cron))
      .map((cron) => `${file}: \`triggers.crons\` has "${cron}", for which the service has no handler`),
    ...handled
      .filter((cron) => !crons.includes(cron))
      .map((cron) => `${file}: \`triggers.crons\` lacks "${cron}", which the service handles`),
  ];
}
