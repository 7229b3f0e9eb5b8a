import { existsSync, readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { parse, TomlError } from "smol-toml";
import type { z } from "zod";
import { cronFaults } from "../crons/schedule.ts";
import type { RateLimitSection } from "../ratelimits/index.ts";
import { findManifests, type ManifestFile } from "./find.ts";
import { keyFault } from "./keys.ts";
import { hostName } from "./names.ts";
import { issueFaults, manifestSchema, type VarValue } from "./schema.ts";

/** What the host knows of a service before it has loaded any of its code. */
export interface Manifest {
  /** The short name: its folder's, or `router`. */
  service: string;
  /** The Worker's name, by which `[[services]]` of others refers to it. */
  name: string;
  /** Path of the wrangler.toml relative to the root, for messages. */
  file: string;
  /** Whether nothing is wrong with it; the code and files of one that is faulty are left alone. */
  sound: boolean;
  /** Absolute path of the entry module. */
  main: string;
  /** `[dev] port`: where the service listens when it runs alone. */
  port: number | undefined;
  vars: Readonly<Record<string, VarValue>>;
  secrets: readonly string[];
  services: readonly { binding: string; service: string }[];
  hyperdrive: readonly { binding: string }[];
  queues: QueuesSection;
  r2Buckets: readonly { binding: string; bucket: string }[];
  /** Cron expressions, as Cloudflare reads them. */
  crons: readonly string[];
  rateLimits: readonly RateLimitSection[];
  assets: AssetsSection | undefined;
}

export interface QueuesSection {
  producers: readonly QueueProducer[];
  consumers: readonly QueueConsumer[];
}

export interface QueueProducer {
  binding: string;
  queue: string;
  /** Seconds until a message is delivered first, unless it says otherwise itself. */
  deliveryDelay: number;
}

export interface QueueConsumer {
  queue: string;
  /** Messages in a batch, at most. */
  maxBatchSize: number;
  /** Seconds that a batch waits to become full, at most. */
  maxBatchTimeout: number;
  /** Deliveries after the first. */
  maxRetries: number;
  /** Where a message goes after the last of them; it is dropped where there is none. */
  deadLetterQueue: string | undefined;
  /** Batches at a time; undefined leaves it to the host. */
  maxConcurrency: number | undefined;
  /** Seconds until a message is delivered again, unless its retry says otherwise. */
  retryDelay: number;
}

export interface AssetsSection {
  /** Absolute. */
  directory: string;
  binding: string | undefined;
  /** Whether the Worker sees requests that a file could answer, too. */
  runWorkerFirst: boolean;
  htmlHandling: "auto-trailing-slash" | "none";
}

/** All manifests below `root` and everything that is wrong with them. */
export function readManifests(root: string): { manifests: Manifest[]; faults: string[] } {
  const files = findManifests(root);
  if (files.length === 0) {
    return { manifests: [], faults: [`${root} holds neither a wrangler.toml nor workers/*/wrangler.toml`] };
  }
  const read = files.map((file) => readManifest(root, file));
  const manifests = read.flatMap(({ manifest }) => (manifest ? [manifest] : []));
  const faults = [...read.flatMap((one) => one.faults), ...clashes(manifests)];
  // A manifest that could not be read has no name yet, and whoever binds to it is not to blame.
  if (manifests.length === files.length) faults.push(...danglingServices(manifests));
  return { manifests, faults };
}

function readManifest(root: string, found: ManifestFile): { manifest?: Manifest; faults: string[] } {
  const file = relative(root, found.path);
  const named = (fault: string): string => `${file}: ${fault}`;
  let toml: Record<string, unknown>;
  try {
    toml = parse(readFileSync(found.path, "utf8"));
  } catch (error) {
    return { faults: [named(tomlFault(error))] };
  }
  const keyFaults = Object.keys(toml).flatMap((key) => keyFault(key) ?? []);
  const parsed = manifestSchema.safeParse(toml);
  if (!parsed.success) return { faults: [...keyFaults, ...issueFaults(parsed.error)].map(named) };
  const manifest = toManifest(found, file, parsed.data);
  const faults = [...keyFaults, ...sectionFaults(manifest)];
  return { manifest: { ...manifest, sound: faults.length === 0 }, faults: faults.map(named) };
}

function toManifest(found: ManifestFile, file: string, toml: z.output<typeof manifestSchema>): Omit<Manifest, "sound"> {
  const { assets } = toml;
  return {
    service: found.service,
    name: toml.name,
    file,
    main: resolve(found.directory, toml.main),
    port: toml.dev?.port,
    vars: toml.vars ?? {},
    secrets: toml.secrets?.required ?? [],
    services: toml.services ?? [],
    hyperdrive: (toml.hyperdrive ?? []).map(({ binding }) => ({ binding })),
    queues: {
      producers: (toml.queues?.producers ?? []).map((one) => ({
        binding: one.binding,
        queue: one.queue,
        deliveryDelay: one.delivery_delay ?? 0,
      })),
      consumers: (toml.queues?.consumers ?? []).map((one) => ({
        queue: one.queue,
        maxBatchSize: one.max_batch_size ?? 10,
        maxBatchTimeout: one.max_batch_timeout ?? 5,
        maxRetries: one.max_retries ?? 3,
        deadLetterQueue: one.dead_letter_queue,
        maxConcurrency: one.max_concurrency ?? undefined,
        retryDelay: one.retry_delay ?? 0,
      })),
    },
    rateLimits: (toml.ratelimits ?? []).map((one) => ({
      binding: one.name,
      namespace: one.namespace_id,
      ...one.simple,
    })),
    r2Buckets: (toml.r2_buckets ?? []).map((one) => ({ binding: one.binding, bucket: one.bucket_name })),
    crons: toml.triggers?.crons ?? [],
    assets: assets && {
      directory: resolve(found.directory, assets.directory),
      binding: assets.binding,
      runWorkerFirst: assets.run_worker_first ?? false,
      htmlHandling: assets.html_handling ?? "auto-trailing-slash",
    },
  };
}

function sectionFaults(manifest: Omit<Manifest, "sound">): string[] {
  const faults: string[] = [];
  if (manifest.service === hostName) {
    faults.push(`\`host\` is the name of the host's own schema; give the service another one`);
  }
  if (!existsSync(manifest.main)) faults.push(`\`main\` names ${manifest.main}, which does not exist`);
  faults.push(...cronFaults(manifest.crons));
  const { assets } = manifest;
  if (assets && !existsSync(assets.directory)) {
    faults.push(`\`assets.directory\` names ${assets.directory}, which does not exist`);
  }
  const names = [
    ...Object.keys(manifest.vars),
    ...manifest.secrets,
    ...manifest.services.map(({ binding }) => binding),
    ...manifest.hyperdrive.map(({ binding }) => binding),
    ...manifest.queues.producers.map(({ binding }) => binding),
    ...manifest.r2Buckets.map(({ binding }) => binding),
    ...manifest.rateLimits.map(({ binding }) => binding),
    ...(assets?.binding === undefined ? [] : [assets.binding]),
  ];
  for (const { queue, deadLetterQueue } of manifest.queues.consumers) {
    if (queue === deadLetterQueue) faults.push(`the dead-letter queue of ${queue} cannot be ${queue} itself`);
  }
  for (const name of repeated(names)) faults.push(`declares ${name} more than once; \`env\` can hold it once`);
  return faults;
}

/** What no single file is wrong about: two services with one name or one port. */
function clashes(manifests: readonly Manifest[]): string[] {
  const files = (matching: (manifest: Manifest) => boolean): string =>
    manifests
      .filter(matching)
      .map(({ file }) => file)
      .join(" and ");
  const consumed = manifests.flatMap(({ queues }) => queues.consumers.map(({ queue }) => queue));
  const consumes = (queue: string) => (manifest: Manifest) =>
    manifest.queues.consumers.some((consumer) => consumer.queue === queue);
  const ports = manifests.flatMap(({ port }) => (port ? [port] : []));
  return [
    ...repeated(manifests.map(({ name }) => name)).map(
      (name) => `${files((manifest) => manifest.name === name)}: share the name ${name}; a Worker's name is its own`,
    ),
    ...repeated(consumed).map(
      (queue) => `${files(consumes(queue))}: consume the queue ${queue}; a queue has one consumer`,
    ),
    ...repeated(ports).map((port) => `${files((manifest) => manifest.port === port)}: share the [dev] port ${port}`),
  ];
}

function danglingServices(manifests: readonly Manifest[]): string[] {
  const names = new Set(manifests.map(({ name }) => name));
  return manifests.flatMap(({ file, services }) =>
    services
      .filter(({ service }) => !names.has(service))
      .map(
        ({ binding, service }) =>
          `${file}: \`services\` binds ${binding} to ${service}, which no wrangler.toml here is the name of`,
      ),
  );
}

const repeated = <T>(values: readonly T[]): T[] => [
  ...new Set(values.filter((value, index) => values.indexOf(value) !== index)),
];

function tomlFault(error: unknown): string {
  const sentence = (error instanceof Error ? error.message.split("\n", 1)[0] : "") ?? "";
  if (!(error instanceof TomlError)) return `cannot be read: ${sentence}`;
  const reason = sentence.replace(/^Invalid TOML document: /, "");
  return `is not valid TOML at line ${error.line}, column ${error.column}: ${reason}`;
}
