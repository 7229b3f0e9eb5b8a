import { randomBytes } from "node:crypto";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { client } from "../client.ts";
import { createTestDatabase, type TestDatabase } from "../database/create-test-database.ts";
import { asAdmin } from "../database/test-server.ts";
import { type Person, register } from "../people.ts";
import { freePort } from "../system/free-port.ts";
import { withoutLimits } from "../system/shared-systems.ts";
import { type StartedProcess, startProcess } from "../system/start-process.ts";
import { failuresIn, type Load, type Outcome, quantile, type Sent, startLoad } from "./load.ts";

export interface RestartOptions {
  runtime: "node" | "bun";
  /** Requests a second. */
  rate: number;
}

export interface RestartReport {
  requests: number;
  /** What no client should have to see, with what it was. */
  failed: readonly string[];
  p99: number;
  restarts: number;
  /** The most milliseconds from SIGTERM to the end of a process, and how many did not end with 0. */
  exitMost: number;
  badExits: number;
  /** Accounts that were made meanwhile, and those of them that the users service has not heard of by its queue. */
  jobs: number;
  jobsLost: number;
}

export const wentUnnoticed = ({ failed, exitMost, badExits, jobs, jobsLost }: RestartReport): boolean =>
  failed.length === 0 && exitMost <= 10_000 && badExits === 0 && jobs > 0 && jobsLost === 0;

interface Running {
  url: string;
  database: TestDatabase;
}

/** The split system, with three replicas of users behind the router, each of which is stopped and started again. */
export async function restartReplicas(options: RestartOptions): Promise<RestartReport> {
  return await withReplicas(options, async ({ replicas, start, ...running }) => {
    const exits: Exit[] = [];
    return await underLoad(running, options, exits, async () => {
      for (const [index, replica] of replicas.entries()) {
        exits.push(await end(replica, "SIGTERM"));
        await pause(500);
        replicas[index] = await start(index);
        await pause(1_500);
      }
    });
  });
}

/** The same system, one of whose replicas is killed. What it had in its hands is lost, where it cannot be asked for again. */
export async function killReplica(options: RestartOptions): Promise<RestartReport> {
  return await withReplicas(options, async ({ replicas, start, ...running }) =>
    underLoad(running, options, [], async () => {
      const [first] = replicas;
      if (first) await end(first, "SIGKILL");
      await pause(2_000);
      replicas[0] = await start(0);
      await pause(1_500);
    }),
  );
}

const processCount = 2;

/** The whole system in two processes on one port, each of which is replaced; in the end all of it is stopped. */
export async function renewProcesses(options: RestartOptions): Promise<RestartReport> {
  const database = await createTestDatabase();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const started = await startProcess({
    runtime: options.runtime,
    services: [],
    readyUrl: `${url}/ready`,
    env: { ...environment(url, database), PORT: String(port), PROCESSES: String(processCount), LOG_LEVEL: "info" },
  });
  try {
    const report = await underLoad({ url, database }, options, [], async () => {
      const isDone = (): boolean => started.output().includes("Each process is a new one");
      process.kill(started.pid, "SIGUSR2");
      for (let waited = 0; !isDone() && waited < 60_000; waited += 50) await pause(50);
      if (!isDone()) throw new Error(`The processes were not renewed:\n${started.output().slice(-2_000)}`);
      await pause(1_000);
    });
    const { code, took } = await end(started, "SIGTERM");
    return { ...report, restarts: processCount, exitMost: took, badExits: code === 0 ? 0 : 1 };
  } finally {
    await started.stop();
    await database.drop();
  }
}

interface Exit {
  code: number | null;
  /** Milliseconds from the signal. */
  took: number;
}

async function end({ pid, exited }: StartedProcess, signal: NodeJS.Signals): Promise<Exit> {
  const began = performance.now();
  process.kill(pid, signal);
  const code = await exited;
  return { code, took: performance.now() - began };
}

interface Replicas extends Running {
  replicas: StartedProcess[];
  start(index: number): Promise<StartedProcess>;
}

const replicaCount = 3;

async function withReplicas<T>({ runtime }: RestartOptions, work: (system: Replicas) => Promise<T>): Promise<T> {
  const database = await createTestDatabase();
  const [router, auth, events] = [await freePort(), await freePort(), await freePort()];
  const users: number[] = [];
  for (let index = 0; index < replicaCount; index += 1) users.push(await freePort());
  const urlOf = (port: number): string => `http://127.0.0.1:${port}`;
  const url = urlOf(router);
  const env = {
    ...environment(url, database),
    AUTH_URL: urlOf(auth),
    EVENTS_URL: urlOf(events),
    USERS_URL: users.map(urlOf).join(","),
    // Nobody asks it, and nobody runs it.
    ANALYTICS_URL: urlOf(events),
  };
  const running = new Set<StartedProcess>();
  const start = async (service: string, port = 0): Promise<StartedProcess> => {
    const readyUrl = `${urlOf(port)}/health`;
    const started = await startProcess({ runtime, services: [service], readyUrl, env: { ...env, PORT: String(port) } });
    running.add(started);
    return started;
  };
  const startUsers = (index: number): Promise<StartedProcess> => start("users", users[index]);
  try {
    const [, , , ...replicas] = await Promise.all([
      start("router", router),
      start("auth", auth),
      start("events", events),
      ...users.map((_, index) => startUsers(index)),
    ]);
    return await work({ url, database, replicas, start: startUsers });
  } finally {
    await Promise.allSettled([...running].map((started) => started.stop()));
    await database.drop();
  }
}

const newSecret = (): string => randomBytes(32).toString("base64url");

const environment = (url: string, database: TestDatabase): Record<string, string> => ({
  ...database.env,
  ...withoutLimits,
  TRIVET_ENV: "development",
  LOG_LEVEL: "error",
  PUBLIC_URL: url,
  PASSWORD_COST: "8",
  ...Object.fromEntries(
    ["SERVICE_JWT_SECRET", "AUTH_SECRET", "AUTH_KEY", "USERS_KEY", "ANALYTICS_KEY"].map((name) => [name, newSecret()]),
  ),
});

/** Somebody reads and writes all the while, and others register, of whom the users service hears by its queue. */
async function underLoad(
  { url, database }: Running,
  { rate }: RestartOptions,
  exits: readonly Exit[],
  work: () => Promise<void>,
): Promise<RestartReport> {
  const entrance = client(url);
  // As many as would not wait for one another's writes.
  const people = await Promise.all(Array.from({ length: 32 }, () => register(entrance)));
  const load = startLoad(rate, url, (index) => requestOf(people, index));
  const [newcomers, outcomes] = await whileRegistering(entrance, load, work);
  const jobsLost = await unheardOf(database, newcomers);
  return {
    requests: outcomes.length,
    failed: failuresIn(outcomes).map(({ about, status }) => `${about} ${status}`),
    p99: quantile(outcomes, 0.99),
    restarts: exits.length,
    exitMost: Math.max(0, ...exits.map(({ took }) => took)),
    badExits: exits.filter(({ code }) => code !== 0).length,
    jobs: newcomers.length,
    jobsLost,
  };
}

const nobody = { id: "", token: "" };

/** Of five requests four read. */
function requestOf(people: readonly Person[], index: number): Sent {
  const { id, token } = people[index % people.length] ?? nobody;
  const headers = { authorization: `Bearer ${token}` };
  if (index % 5 > 0) return { method: "GET", path: index % 2 ? "/users/profile" : `/users/${id}`, headers };
  const body = JSON.stringify({ bio: `Written ${index} times` });
  return { method: "PUT", path: "/users/profile", headers: { ...headers, "content-type": "application/json" }, body };
}

async function whileRegistering(
  entrance: ReturnType<typeof client>,
  load: Load,
  work: () => Promise<void>,
): Promise<[Person[], Outcome[]]> {
  const newcomers: Person[] = [];
  let going = true;
  const registering = (async () => {
    while (going) {
      newcomers.push(await register(entrance));
      await pause(250);
    }
  })();
  try {
    await pause(1_000);
    await work();
  } finally {
    going = false;
    await registering;
  }
  return [newcomers, await load.stop()];
}

async function unheardOf({ adminUrl }: TestDatabase, newcomers: readonly Person[]): Promise<number> {
  return await asAdmin(adminUrl, async (sql) => {
    const ids = newcomers.map(({ id }) => id);
    let missing = ids.length;
    // What a killed process held comes after its lease.
    for (let waited = 0; missing > 0 && waited < 30_000; waited += 200) {
      const [row] = await sql<{ known: number }[]>`
        SELECT count(*)::int AS known FROM users.profiles WHERE id = ANY(${ids}::uuid[])`;
      missing = ids.length - (row?.known ?? 0);
      if (missing > 0) await pause(200);
    }
    return missing;
  });
}
