import { join } from "node:path";
import { type QueueDriver, queueBinding } from "@trivet/host/queues";
import { newId, type QueueBinding } from "@trivet/platform";
import postgres from "postgres";
import { openQueueHome, type QueueDriverName, type QueueHome } from "../../conformance/queues/drivers.ts";
import { type HostRuntime, type QueueHost, startQueueHost } from "../../conformance/queues/start-host.ts";
import { commitProbe } from "../../database/commit-probe.ts";
import type { Probe } from "../../timed.ts";
import type { Job } from "./worker.ts";

export interface FaultOptions {
  driver: QueueDriverName;
  runtime: HostRuntime;
  jobs: number;
  /** Instead of NATS_URL. */
  nats?: string;
}

/** What a run works with: queues with jobs in them, processes that handle them, and what came of it. */
export interface FaultRun {
  home: QueueHome;
  driver: QueueDriver;
  send(jobs: readonly Job[]): Promise<void>;
  startWorker(): Promise<QueueHost>;
  outcome(): Promise<Outcome>;
  /** Jobs in the queue or in the hands of a worker. */
  left(): Promise<number>;
  sql: postgres.Sql;
  /** A commit at the database in which the effects are. */
  probe: Probe;
}

export interface Outcome {
  /** Jobs that have had an effect. */
  done: number;
  /** Effects beyond the first of a job. */
  doubled: number;
}

const queue = "jobs";
export const graves = "jobs-dead";

const consumer = { max_batch_size: 1, max_batch_timeout: 0, max_retries: 2, dead_letter_queue: graves };

/** `concurrency` is of all workers together, on NATS of each. Everything is taken down in the end. */
export async function faultRun<Result>(
  { driver: name, runtime, nats }: FaultOptions,
  { concurrency, retries }: { concurrency: number; retries: number },
  work: (run: FaultRun) => Promise<Result>,
): Promise<Result> {
  const home = await openQueueHome(name, nats);
  const sql = postgres(home.adminUrl, { max: 2, onnotice: () => {} });
  await sql.unsafe(`
    CREATE SCHEMA fault;
    CREATE TABLE fault.inbox (id uuid PRIMARY KEY, event text NOT NULL, received_at timestamptz NOT NULL DEFAULT now());
    CREATE TABLE fault.effects (number integer NOT NULL);
    CREATE TABLE fault.beginnings (number integer NOT NULL, worker text NOT NULL);
    CREATE TABLE fault.antidotes (number integer NOT NULL)`);
  const workers: QueueHost[] = [];
  const machine = commitProbe(home.adminUrl);
  const specs = [
    {
      binding: "JOBS",
      queue,
      consumer: { ...consumer, max_retries: retries, max_concurrency: concurrency },
    },
  ];
  const binding: QueueBinding = queueBinding({ binding: "JOBS", queue, deliveryDelay: 0 }, home.driver);
  try {
    return await work({
      home,
      sql,
      probe: machine.probe,
      driver: home.driver,
      async send(jobs) {
        for (let start = 0; start < jobs.length; start += 100) {
          await binding.sendBatch(jobs.slice(start, start + 100).map((body) => ({ body })));
        }
      },
      async startWorker() {
        const env = { ...home.env, DATABASE_URL_ROUTER: home.adminUrl };
        const worker = await startQueueHost(runtime, specs, env, join(import.meta.dirname, "worker.ts"), database);
        workers.push(worker);
        return worker;
      },
      async left() {
        const { waiting, held } = await home.driver.depth(queue);
        return waiting + held;
      },
      async outcome() {
        const [row] = await sql<Outcome[]>`
          SELECT count(DISTINCT number)::int AS done, (count(*) - count(DISTINCT number))::int AS doubled
          FROM fault.effects`;
        return row ?? { done: 0, doubled: 0 };
      },
    });
  } finally {
    for (const { child } of workers) child.kill("SIGKILL");
    await Promise.all([sql.end(), machine.end()]);
    await home.close();
  }
}

const database = '[[hyperdrive]]\nbinding = "DB"\nid = "local"\n';

export const makeJobs = (count: number, takes: number, poisonEvery = Number.POSITIVE_INFINITY): Job[] =>
  Array.from({ length: count }, (_, number) => ({
    id: newId(),
    number,
    takes,
    ...(number % poisonEvery === 0 && number > 0 && { poisoned: true }),
  }));

/** Resolves when it holds, to the milliseconds that took; rejects when it has not for so long. */
export async function until(holds: () => Promise<boolean>, limit: number, what: string): Promise<number> {
  const began = Date.now();
  while (!(await holds())) {
    if (Date.now() - began > limit) throw new Error(`It did not come to pass within ${limit} ms that ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return Date.now() - began;
}
