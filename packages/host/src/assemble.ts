import { checkEnv, handledQueues, optionalSecrets, serviceLogger, type WorkerModule } from "@trivet/platform";
import type { RedisBinding } from "@trivet/platform/redis";
import { assetsBinding, listSite, type Site, workerBehind } from "./assets/index.ts";
import { readOptionalSecrets, type Source, type Variables } from "./config/index.ts";
import { type Background, trackBackground } from "./context/index.ts";
import { handlerFaults } from "./crons/index.ts";
import type { ServiceFaults } from "./faults.ts";
import { createKept, databaseUrl, hyperdriveBinding, type Kept } from "./hyperdrive/index.ts";
import { loadWorker } from "./load.ts";
import { hostLog } from "./logs/index.ts";
import type { Manifest } from "./manifest/index.ts";
import { bucketBinder } from "./objects/index.ts";
import { chooseQueues, createQueues, type Queues } from "./queues/index.ts";
import { rateLimitBinder } from "./ratelimits/index.ts";
import { chooseRedis, usesRedis } from "./redis/index.ts";
import type { Runtime } from "./runtime.ts";
import { type Callee, type HttpBinding, inProcessBinding, siblingAddress } from "./services/index.ts";
import { createStore, hostOwner, type Store, serviceOwner } from "./store/index.ts";
import { chooseSpans } from "./traces/index.ts";

/** Everything needed to build the services of this process. */
export interface Plan {
  root: string;
  manifests: readonly Manifest[];
  selected: readonly Manifest[];
  source: Source;
  variables: Variables;
  runtime: Runtime;
  adminUrl: string | undefined;
}

/** The services of this process, each with its bindings, and what they hold together. */
export interface Assembly {
  callees: ReadonlyMap<string, Callee>;
  background: Background;
  kept: Kept;
  siblings: HttpBinding[];
  /** Where the host keeps what it keeps for these services; undefined where that is nothing. */
  store: Store | undefined;
  queues: Queues | undefined;
  faults: string[];
  serviceFaults: ServiceFaults;
  /** The names of what these services can do without. */
  optionalSecrets: readonly string[];
}

export async function assemble(plan: Plan): Promise<Assembly> {
  const background = trackBackground();
  const kept = createKept();
  const siblings: HttpBinding[] = [];
  const faults: string[] = [];
  const store = await storeOf(plan, faults);
  const redis = await redisOf(plan, kept);
  const spans = await chooseSpans(plan.source, kept.keepOne());
  const queues = store && createQueues(await chooseQueues(plan.source, store));
  const serviceFaults: ServiceFaults = new Map();
  const callees = new Map<string, Callee>();
  const optional: string[] = [];
  const bindBucket = await bucketBinder({ ...plan, keepOne: kept.keepOne });
  const bindRateLimit = rateLimitBinder(redis, background.contextOf("host", hostLog));
  const bindService = serviceBinder(plan, callees, siblings, faults);
  for (const manifest of plan.selected) {
    const { service } = manifest;
    const env: Record<string, unknown> = { ...plan.variables.of.get(service) };
    for (const { binding, service: name } of manifest.services) {
      const bound = await bindService(name);
      if (bound) env[binding] = bound;
    }
    for (const { binding } of manifest.hyperdrive) {
      const { url, fault } = await databaseUrl(plan.source, serviceOwner(manifest), plan.adminUrl);
      if (url !== undefined) env[binding] = hyperdriveBinding(url, kept.keepOne());
      if (fault !== undefined) faults.push(fault);
    }
    for (const { binding, bucket } of manifest.r2Buckets) {
      const { bound, faults: bucketFaults } = bindBucket(bucket);
      if (bound) env[binding] = bound;
      faults.push(...bucketFaults.filter((fault) => !faults.includes(fault)));
    }
    for (const section of manifest.rateLimits) env[section.binding] = bindRateLimit(section);
    if (redis && usesRedis(manifest)) env.REDIS = redis;
    if (spans) env.SPANS = spans;
    for (const producer of manifest.queues.producers) {
      if (queues) env[producer.binding] = queues.bind(producer);
    }
    if (!manifest.sound) continue;
    const site = manifest.assets && listSite(manifest.assets);
    if (site && manifest.assets?.binding !== undefined) env[manifest.assets.binding] = assetsBinding(site);
    faults.push(...(site?.faults ?? []).map((fault) => `${manifest.file}: ${fault}`));
    const worker = await loadWorker(manifest);
    const secrets = readOptionalSecrets(plan.source, manifest, worker, plan.variables);
    Object.assign(env, secrets.values);
    optional.push(...(worker[optionalSecrets] ?? []));
    faults.push(...secrets.faults, ...handlerFaults(manifest, worker));
    for (const fault of envFaults(manifest, worker, env))
      serviceFaults.set(fault, [...(serviceFaults.get(fault) ?? []), service]);
    const context = background.contextOf(service, serviceLogger(service));
    const callee = { service, worker: behindAssets(manifest, site, worker), env, context };
    callees.set(service, callee);
    faults.push(...consumerFaults(manifest, worker));
    for (const consumer of manifest.queues.consumers) queues?.add(consumer, callee);
  }
  return { callees, background, kept, siblings, store, queues, faults, serviceFaults, optionalSecrets: optional };
}

async function storeOf({ selected, source, adminUrl }: Plan, faults: string[]): Promise<Store | undefined> {
  const owner = hostOwner(selected);
  if (!owner) return undefined;
  const { url, fault } = await databaseUrl(source, owner, adminUrl);
  if (fault !== undefined) faults.push(fault);
  return url === undefined ? undefined : createStore(url);
}

/** One for all services of the process, each of which begins its keys with its name. */
async function redisOf({ selected, source }: Plan, kept: Kept): Promise<RedisBinding | undefined> {
  if (!selected.some((manifest) => usesRedis(manifest) || manifest.rateLimits.length > 0)) return undefined;
  return await chooseRedis(source, kept.keepOne());
}

/** In this process when the service runs here, else over HTTP; one connection pool for each of a sibling's replicas. */
function serviceBinder(plan: Plan, callees: ReadonlyMap<string, Callee>, siblings: HttpBinding[], faults: string[]) {
  const remote = new Map<string, HttpBinding>();
  const connect = async (sibling: Manifest): Promise<HttpBinding | undefined> => {
    const known = remote.get(sibling.service);
    if (known) return known;
    const { urls, fault } = siblingAddress(plan.source, plan.variables.environment, sibling);
    if (fault !== undefined && !faults.includes(fault)) faults.push(fault);
    if (!urls) return undefined;
    const binding = await plan.runtime.httpBinding(sibling.service, urls);
    remote.set(sibling.service, binding);
    siblings.push(binding);
    return binding;
  };
  return async (name: string) => {
    const sibling = plan.manifests.find((manifest) => manifest.name === name);
    if (!sibling) return undefined;
    if (!plan.selected.includes(sibling)) return await connect(sibling);
    return inProcessBinding(() => calleeOf(callees, sibling.service));
  };
}

function calleeOf(callees: ReadonlyMap<string, Callee>, service: string): Callee {
  const callee = callees.get(service);
  if (!callee) throw new Error(`${service} was called before it was started`);
  return callee;
}

const behindAssets = (
  manifest: Manifest,
  site: Site | undefined,
  worker: WorkerModule<unknown>,
): WorkerModule<unknown> => (site && manifest.assets?.runWorkerFirst === false ? workerBehind(site, worker) : worker);

/** A queue whose messages nobody would handle, and code that no message would reach. */
function consumerFaults({ file, queues }: Manifest, worker: WorkerModule<unknown>): string[] {
  const handled = worker[handledQueues];
  const consumed = queues.consumers.map(({ queue }) => queue);
  return [
    ...consumed
      .filter((queue) => !worker.queue || handled?.includes(queue) === false)
      .map((queue) => `${file}: consumes the queue ${queue}, for which its Worker has no handler`),
    ...(handled ?? [])
      .filter((queue) => !consumed.includes(queue))
      .map((queue) => `${file}: lacks a \`[[queues.consumers]]\` of ${queue}, which the service handles`),
  ];
}

/** What the service itself finds wrong with its environment, less the bindings of which the host says why they are missing. */
function envFaults(
  { services, hyperdrive, queues, r2Buckets }: Manifest,
  worker: WorkerModule<unknown>,
  env: Record<string, unknown>,
): string[] {
  const unbound = new Set(
    [...services, ...hyperdrive, ...queues.producers, ...r2Buckets]
      .map(({ binding }) => binding)
      .filter((name) => env[name] === undefined),
  );
  const repeats = (fault: string): boolean => fault.split(/[^\w$]+/).some((word) => unbound.has(word));
  return (worker[checkEnv]?.(env) ?? []).filter((fault) => !repeats(fault));
}
