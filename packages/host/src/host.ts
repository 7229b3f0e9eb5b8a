import { collectDefaultMetrics, register } from "prom-client";
import { addressesFaults } from "./addresses.ts";
import { type Assembly, assemble } from "./assemble.ts";
import {
  type Environment,
  openSource,
  type ProcessEnv,
  publicUrl,
  readPublicUrl,
  readVariables,
  type Source,
  slips,
  type Variables,
} from "./config/index.ts";
import { ConfigurationError } from "./configuration-error.ts";
import { jobsOf, type Scheduler, startScheduler } from "./crons/index.ts";
import { drain } from "./drain/index.ts";
import { joinFaults } from "./faults.ts";
import { hostLog, type LogOptions, readLogOptions, startLogs } from "./logs/index.ts";
import { type Manifest, readManifests, routerName } from "./manifest/index.ts";
import { currentRuntime, type Runtime } from "./runtime.ts";
import { type Listener, planListeners, selectServices } from "./select.ts";
import { parseTrustedProxies, probePort, type Server } from "./server/index.ts";
import { readPort, readSettings, type Settings } from "./settings.ts";

export interface HostOptions {
  /** The folder that holds `wrangler.toml` and `workers/`. */
  root: string;
  /** Short names (`auth`, `router`); all services when left out or empty. */
  services?: readonly string[];
  env?: ProcessEnv;
  /** The administrator's URL, where it is known otherwise than by `DATABASE_URL`. */
  databaseUrl?: string;
  /** Instead of `PORT`; 0 lets the system choose. */
  port?: number | undefined;
  /** Which of several processes that share the ports this is, from 1. */
  process?: number;
  /** Whether this process's logs are the host's to write; tests that look at them say no. */
  logs?: boolean;
}

export interface RunningService {
  name: string;
  /** Where it answers; through the router when that runs in the same process. */
  url: string;
  paths: string[];
}

export interface Host {
  /** The public address: the router's, else the first service's. */
  url: string;
  services: RunningService[];
  /** Finishes what is under way and gives everything back; false when the time was up before that. */
  stop(): Promise<boolean>;
}

/**
 * Runs the services of `root` in this process. Throws `ConfigurationError` with every fault of every
 * manifest and variable, and `PortTakenError`. It neither starts nor migrates a database.
 */
export async function startHost(options: HostOptions): Promise<Host> {
  const runtime = await currentRuntime();
  const configured = await configure(options, runtime);
  const { settings, logOptions, selected, listeners, assembly } = configured;
  const logs = options.logs === false ? undefined : startLogs(logOptions, options.process);
  // The registry is the process's; a second host in it (as in tests) finds the metrics there.
  if (!register.getSingleMetric("process_cpu_seconds_total")) collectDefaultMetrics();
  const servers: Server[] = [];
  let scheduler: Scheduler | undefined;
  const stop = async (): Promise<boolean> => {
    const finished = await drain({ servers, scheduler, ...assembly }, settings.drainTimeout);
    await logs?.close();
    return finished;
  };
  try {
    for (const listener of listeners)
      servers.push(await open(listener, settings, assembly, runtime, options.process !== undefined));
    if (listeners[0]?.port === 0) announcePort(configured, servers[0]?.port);
    assembly.queues?.start();
    const jobs = jobsOf(selected, assembly.callees);
    if (assembly.store && jobs.length > 0) scheduler = startScheduler(assembly.store.database(), jobs);
  } catch (error) {
    await stop();
    throw error;
  }
  let stopped: Promise<boolean> | undefined;
  return {
    ...describe(
      settings,
      listeners,
      servers.map(({ port }) => port),
      assembly,
    ),
    stop: () => (stopped ??= stop()),
  };
}

/** What `startHost` would open with these options. */
export interface Checked extends Omit<Host, "stop"> {
  environment: Environment;
  settings: Settings;
  logOptions: LogOptions;
  ports: number[];
}

/** Throws what `startHost` would throw, and leaves nothing open: for whoever lets other processes start it. */
export async function checkHost(options: HostOptions): Promise<Checked> {
  const { environment, settings, logOptions, listeners, assembly } = await configure(options, await currentRuntime());
  await Promise.all(assembly.siblings.map((sibling) => sibling.close()));
  const ports: number[] = [];
  for (const { port } of listeners) ports.push(await probePort(settings.hostname, port));
  return { environment, settings, logOptions, ports, ...describe(settings, listeners, ports, assembly) };
}

interface Configured {
  environment: Environment;
  source: Source;
  selected: readonly Manifest[];
  settings: Settings;
  logOptions: LogOptions;
  listeners: Listener[];
  assembly: Assembly;
}

/** Collects every fault before it refuses: who mends one variable should not meet the next one at the next start. */
export async function configure(options: HostOptions, runtime: Runtime): Promise<Configured> {
  const { root } = options;
  const source: Source = openSource(root, options.env ?? process.env);
  const { manifests, faults } = readManifests(root);
  const { selected, faults: selectFaults } = selectServices(manifests, options.services);
  const variables: Variables = await readVariables(root, source, selected, options.port ?? readPort(source));
  const { settings, faults: settingFaults } = readSettings(source, variables.environment);
  const logOptions = readLogOptions(root, source, variables.environment);
  const { listeners, faults: listenerFaults } = planListeners(selected, options.port ?? settings.port);
  const adminUrl = options.databaseUrl;
  const assembly = await assemble({ root, manifests, selected, source, variables, runtime, adminUrl });
  const own = [
    ...faults,
    ...selectFaults,
    ...variables.faults.values(),
    ...settingFaults,
    ...logOptions.faults,
    ...listenerFaults,
    ...addressesFaults(source, manifests),
    ...slips(source, manifests, assembly.optionalSecrets),
    ...assembly.faults,
  ];
  const all = joinFaults(own, assembly.serviceFaults, variables.faults.keys());
  if (all.length === 0)
    return { environment: variables.environment, source, selected, settings, logOptions, listeners, assembly };
  await Promise.all(assembly.siblings.map((sibling) => sibling.close()));
  throw new ConfigurationError(all);
}

/** A port that the system chose is known now, and no request has been answered yet that named another. */
function announcePort({ source, selected, assembly }: Configured, port: number | undefined): void {
  for (const { service, vars } of selected) {
    const env = assembly.callees.get(service)?.env;
    const preset = vars[publicUrl];
    if (preset === undefined || typeof env !== "object" || env === null) continue;
    Object.assign(env, { [publicUrl]: readPublicUrl(source, preset, selected, port) });
  }
}

// Behind the router a service is asked by hosts of its own private network, which have established who the client is.
const insiders = parseTrustedProxies("private").trusted;

async function open(
  { manifest, port }: Listener,
  settings: Settings,
  assembly: Assembly,
  runtime: Runtime,
  shared: boolean,
): Promise<Server> {
  const callee = assembly.callees.get(manifest.service);
  if (!callee) throw new Error(`${manifest.service} was not assembled`);
  const compresses = manifest.service === routerName;
  const trusted = compresses ? settings.proxies : insiders;
  const options = { hostname: settings.hostname, port, ...callee, trusted, compresses, shared };
  const server = await runtime.openServer(options);
  hostLog.info("{service} listens on {hostname}:{port}", {
    service: manifest.service,
    hostname: settings.hostname,
    port: server.port,
  });
  return server;
}

function describe(
  settings: Settings,
  listeners: readonly Listener[],
  ports: readonly number[],
  assembly: Assembly,
): Omit<Host, "stop"> {
  const name = ["0.0.0.0", "::", "127.0.0.1"].includes(settings.hostname) ? "localhost" : settings.hostname;
  const urls = listeners.map(({ manifest }, index) => [manifest, `http://${name}:${ports[index]}`] as const);
  const own = new Map(urls.map(([manifest, url]: readonly [Manifest, string]) => [manifest.service, url]));
  const url = urls[0]?.[1] ?? "";
  const services = [...assembly.callees.keys()].map((service) => ({
    name: service,
    url: own.get(service) ?? url,
    paths: service === routerName ? ["/"] : [`/${service}`],
  }));
  return { url, services };
}
