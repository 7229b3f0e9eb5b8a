import process from "node:process";
import type { Manifest } from "./manifests.ts";
import { wrangler } from "./wrangler.ts";

/** What a Worker is bound to and Cloudflare keeps beside the Workers: it has to be there before they are. */
interface Resource {
  kind: "queue" | "bucket";
  name: string;
}

/** Cloudflare's answer to a second one of the same name, which a list of many may not have shown. */
const commands = {
  queue: { list: ["queues", "list"], create: ["queues", "create"], taken: /\b11009\b/ },
  bucket: { list: ["r2", "bucket", "list"], create: ["r2", "bucket", "create"], taken: /\b10004\b/ },
} as const;

/** Every queue, those for dead letters too, and every bucket that a manifest names, once. */
export function resourcesOf(manifests: readonly Manifest[]): Resource[] {
  const configs = manifests.map(({ config }) => config);
  const queues = configs.flatMap(({ queues: { producers, consumers } }) => [
    ...producers.map(({ queue }) => queue),
    ...consumers.flatMap(({ queue, dead_letter_queue: dead }) => (dead === undefined ? [queue] : [queue, dead])),
  ]);
  const buckets = configs.flatMap(({ r2_buckets }) => r2_buckets.map(({ bucket_name }) => bucket_name));
  return [
    ...[...new Set(queues)].sort().map((name) => ({ kind: "queue" as const, name })),
    ...[...new Set(buckets)].sort().map((name) => ({ kind: "bucket" as const, name })),
  ];
}

/** Creates what is not there yet; what is there is left as it is, whatever its settings are. */
export async function createMissing(root: string, resources: readonly Resource[]): Promise<void> {
  for (const kind of ["queue", "bucket"] as const) {
    const wanted = resources.filter((resource) => resource.kind === kind);
    if (wanted.length === 0) continue;
    const listed = await wrangler(commands[kind].list, { cwd: root });
    if (listed.code !== 0) throw new Error(`Cloudflare cannot be asked for its ${kind}s:\n${listed.output}`);
    const there = new Set(listed.output.split(/[\s│|]+/));
    for (const { name } of wanted) if (!there.has(name)) await create(root, { kind, name });
  }
}

async function create(root: string, { kind, name }: Resource): Promise<void> {
  const { code, output } = await wrangler([...commands[kind].create, name], { cwd: root });
  if (code === 0) process.stdout.write(`Created the ${kind} ${name}\n`);
  else if (!commands[kind].taken.test(output)) {
    throw new Error(`The ${kind} ${name} was not created, and nothing was deployed:\n${output}`);
  }
}
