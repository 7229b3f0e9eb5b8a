import { z } from "zod";
import { type Controller, type Job, readSchedule, startScheduler } from "../../crons/index.ts";
import { databaseUrl } from "../../hyperdrive/index.ts";
import { createStore, hostOwner } from "../../store/index.ts";
import type { Project } from "../project.ts";

const dispatched = z.object({ result: z.object({ outcome: z.string(), noRetry: z.boolean() }) });

/**
 * `wrangler dev` lets nothing tick by itself, but runs a cron that it is asked to. So it is asked at the ticks that
 * the host's own scheduler claims: on Workers, too, each is run once, whoever else shares the database.
 */
export async function startCrons(
  { selected, source }: Project,
  adminUrl: string | undefined,
  port: number,
): Promise<{ stop(): Promise<void> }> {
  const jobs = selected.flatMap(({ service, name, crons }) =>
    crons.flatMap((cron): Job[] => {
      const read = readSchedule(cron);
      if ("fault" in read) return [];
      return [{ service, schedule: read.schedule, run: (controller) => dispatch(port, name, controller) }];
    }),
  );
  const owner = hostOwner(selected);
  const { url } = owner ? await databaseUrl(source, owner, adminUrl) : {};
  if (jobs.length === 0 || url === undefined) return { stop: () => Promise.resolve() };
  const store = createStore(url);
  const scheduler = startScheduler(store.database(), jobs);
  return {
    async stop() {
      await scheduler.drain();
      await store.close();
    },
  };
}

/** The path by which wrangler's own pages run a cron of any of its Workers. */
async function dispatch(port: number, worker: string, controller: Controller): Promise<void> {
  const { cron, scheduledTime } = controller;
  const response = await fetch(`http://127.0.0.1:${port}/cdn-cgi/local/explorer/api/local/scheduled?worker=${worker}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ cron, scheduled_time: scheduledTime }),
  });
  if (!response.ok) throw new Error(`wrangler answered ${response.status}: ${await response.text()}`);
  const { outcome, noRetry } = dispatched.parse(await response.json()).result;
  if (noRetry) controller.noRetry();
  if (outcome !== "ok") throw new Error(`The run ended with "${outcome}"; the Worker's log says why.`);
}
