import { randomBytes } from "node:crypto";
import { readManifests } from "@trivet/host";
import { createTestDatabase, type TestDatabase } from "../database/create-test-database.ts";
import { root } from "../root.ts";
import { freePort } from "./free-port.ts";
import { type Runtime, type StartedProcess, startProcess } from "./start-process.ts";

export interface SystemOptions {
  runtime: Runtime;
  /** Which services run; all when left out. */
  services?: readonly string[];
  /** One process a service instead of one for all. */
  split?: boolean;
  /** On top of the system's own environment. */
  env?: Record<string, string>;
}

export interface System {
  runtime: Runtime;
  /** Where the router answers. */
  url: string;
  /** By service: where it answers; in one process they share the router's. */
  urls: Record<string, string>;
  secrets: Secrets;
  database: TestDatabase;
  /** Split only: ends one service's process. */
  stopService(name: string): Promise<void>;
  /** Split only: starts one service's process, where it was before. */
  startService(name: string): Promise<void>;
  /** What all processes have written so far. */
  output(): string;
  stop(): Promise<void>;
}

interface Secrets {
  SERVICE_JWT_SECRET: string;
  AUTH_SECRET: string;
  AUTH_KEY: string;
  USERS_KEY: string;
  ANALYTICS_KEY: string;
}

const allServices = readManifests(root).manifests.map(({ service }) => service);

/** Starts the system the way a user does, on free ports and with a database of its own. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { runtime, split = false, services = allServices } = options;
  const database = await createTestDatabase();
  const ports = await portsOf(services, split);
  const urls = Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, `http://127.0.0.1:${port}`]));
  const url = urls.router ?? Object.values(urls)[0] ?? "";
  const secrets: Secrets = {
    SERVICE_JWT_SECRET: newSecret(),
    AUTH_SECRET: newSecret(),
    AUTH_KEY: newSecret(),
    USERS_KEY: newSecret(),
    ANALYTICS_KEY: newSecret(),
  };
  const shared = { ...quiet, ...database.env, ...secrets, PUBLIC_URL: url, ...options.env };
  const running = new Map<string, StartedProcess>();
  let ended = "";

  const start = async (key: string, names: readonly string[]) => {
    const port = String(ports[key] ?? ports[services[0] ?? ""]);
    const siblings = split ? siblingUrls(urls, key) : {};
    const env = { ...shared, ...siblings, PORT: port };
    running.set(
      key,
      await startProcess({ runtime, services: names, env, readyUrl: `http://127.0.0.1:${port}/health` }),
    );
  };
  const end = async (key: string) => {
    const started = running.get(key);
    running.delete(key);
    await started?.stop();
    ended += started?.output() ?? "";
  };
  const stop = async () => {
    const stops = await Promise.allSettled([...running.keys()].map(end));
    await database.drop();
    for (const outcome of stops) if (outcome.status === "rejected") throw outcome.reason;
  };
  try {
    if (split) await Promise.all(services.map((name) => start(name, [name])));
    else await start("all", options.services ?? []);
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
  const output = () => ended + [...running.values()].map((started) => started.output()).join("");
  return {
    runtime,
    url,
    urls,
    secrets,
    database,
    stopService: end,
    startService: (name) => start(name, [name]),
    output,
    stop,
  };
}

// Warnings and errors are what a failed test is explained with.
const quiet = { TRIVET_ENV: "development", LOG_LEVEL: "warning" };

const newSecret = () => randomBytes(32).toString("base64url");

async function portsOf(services: readonly string[], split: boolean): Promise<Record<string, number>> {
  const one = await freePort();
  const ports: Record<string, number> = {};
  for (const name of services) ports[name] = split ? await freePort() : one;
  return ports;
}

function siblingUrls(urls: Record<string, string>, own: string): Record<string, string> {
  const siblings = Object.entries(urls).filter(([name]) => name !== own);
  return Object.fromEntries(siblings.map(([name, url]) => [`${name.toUpperCase()}_URL`, url]));
}
