import type { ScheduledController, WorkerModule } from "@trivet/platform";
import type { Callee } from "../services/index.ts";

/** What a run is told of its tick, and whether it wants to be tried again should it fail. */
export interface Controller extends ScheduledController {
  readonly retries: boolean;
}

export function newController(cron: string, scheduledTime: number): Controller {
  let retries = true;
  return {
    cron,
    scheduledTime,
    noRetry() {
      retries = false;
    },
    get retries() {
      return retries;
    },
  };
}

/** Calls a Worker's `scheduled`. The run ends with the last of its `waitUntil` work, and fails with any of it. */
export async function invokeScheduled(
  { worker, env, context }: Pick<Callee, "worker" | "env" | "context">,
  controller: ScheduledController,
): Promise<void> {
  const pending: Promise<unknown>[] = [];
  const waitUntil = (promise: Promise<unknown>): void => {
    pending.push(promise);
    context.waitUntil(promise);
  };
  if (!worker.scheduled) throw new TypeError("The Worker exports no `scheduled`.");
  const failures: unknown[] = [];
  const noted = (error: unknown): void => void failures.push(error);
  await Promise.resolve(run(worker.scheduled.bind(worker), controller, env, { waitUntil })).catch(noted);
  // Work may hand in further work while it runs.
  for (let settled = 0; settled < pending.length; settled += 1) await pending[settled]?.catch(noted);
  if (failures.length > 0) throw failures[0];
}

/** A Worker may also throw before it returns its promise. */
async function run(
  scheduled: NonNullable<WorkerModule<unknown>["scheduled"]>,
  ...args: Parameters<NonNullable<WorkerModule<unknown>["scheduled"]>>
): Promise<void> {
  await scheduled(...args);
}
