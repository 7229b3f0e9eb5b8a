import { setTimeout as pause } from "node:timers/promises";
import { faultRun, makeJobs, until } from "../queues/run.ts";
import { startNats, startPostgres } from "./servers.ts";

export const victims = { NATS: startNats, Postgres: startPostgres } as const;

export interface KillOptions {
  victim: keyof typeof victims;
  events: number;
  kills: number;
  /** Events a second. */
  rate: number;
}

export interface KillReport {
  /** All of which were acknowledged in the end, and how many were sent anew because they were not at first. */
  events: number;
  repeated: number;
  kills: number;
  lost: number;
  doubled: number;
  /** The most milliseconds from a kill until the server was back, and from then until it acknowledged an event. */
  outage: number;
  recovery: number;
  /** From the last kill until every event was handled. */
  handledSeconds: number;
}

export const isKept = ({ lost, doubled, recovery }: KillReport): boolean =>
  lost === 0 && doubled === 0 && recovery <= 5_000;

const lanes = 16;

/** Publishes without a pause while the server that keeps the queue is killed again and again, and a process handles what comes. */
export async function publishThroughKills({ victim: name, events, kills, rate }: KillOptions): Promise<KillReport> {
  const victim = await victims[name]();
  try {
    const driver = name === "NATS" ? "NATS" : "postgres";
    const options = { driver, runtime: "node", jobs: events, ...(victim.nats && { nats: victim.nats }) } as const;
    // An event in the hands of the worker when the server dies has used up one of its attempts.
    return await faultRun(options, { concurrency: 24, retries: 100 }, async (run) => {
      await run.startWorker();
      const jobs = makeJobs(events, 0);
      const acknowledged: number[] = [];
      let repeated = 0;
      const began = performance.now();
      const lane = async (first: number): Promise<void> => {
        for (let index = first; index < events; index += lanes) {
          await pause(Math.max(0, began + (index * 1_000) / rate - performance.now()));
          while (!(await run.send(jobs.slice(index, index + 1)).then(yes, no))) {
            repeated += 1;
            await pause(50);
          }
          acknowledged.push(performance.now());
        }
      };
      const publishing = Promise.all(Array.from({ length: lanes }, (_, first) => lane(first)));
      let [outage, recovery, lastKill] = [0, 0, 0];
      for (let kill = 0; kill < kills; kill += 1) {
        const due = ((kill + 0.5) * events) / kills;
        await until(() => Promise.resolve(acknowledged.length >= due), 120_000, `${due} events are acknowledged`);
        lastKill = performance.now();
        await victim.kill();
        const back = performance.now();
        const again = (): number | undefined => acknowledged.findLast((at) => at > back);
        await until(() => Promise.resolve(again() !== undefined), 60_000, "an event is acknowledged again");
        outage = Math.max(outage, back - lastKill);
        recovery = Math.max(recovery, (acknowledged.find((at) => at > back) ?? Number.POSITIVE_INFINITY) - back);
      }
      await publishing;
      const settled = async (): Promise<boolean> => (await run.outcome()).done >= events && (await run.left()) === 0;
      await until(() => settled().catch(no), 60_000, "all are handled").catch(no);
      const handledSeconds = (performance.now() - lastKill) / 1_000;
      const { done, doubled } = await run.outcome();
      return { events, repeated, kills, lost: events - done, doubled, outage, recovery, handledSeconds };
    });
  } finally {
    await victim.close();
  }
}

const yes = (): boolean => true;
const no = (): boolean => false;
