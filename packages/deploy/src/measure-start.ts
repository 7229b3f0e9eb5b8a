import type { Bundle } from "./bundle-worker.ts";
import { cpuTime } from "./cpu-time.ts";
import { type RunningWorkerd, startWorkerd } from "./start-workerd.ts";

// Loads a Worker into a fresh isolate of the running workerd on every request. A Worker's own clock stands still
// between I/O, so the caller measures.
const loader = `
  let loaded = 0;
  export default {
    async fetch(request, env) {
      const code = await request.json();
      const isolate = env.LOADER.get(String(loaded++), () => code);
      return await isolate.getEntrypoint().fetch("http://start/").catch((error) => new Response(error.stack));
    },
  };
`;

const loaderService = (compatibilityDate: string) => `[(name = "main", worker = (
  modules = [(name = "loader.js", esModule = embed "loader.js")],
  compatibilityDate = ${JSON.stringify(compatibilityDate)},
  bindings = [(name = "LOADER", workerLoader = (id = "loaded"))],
))]`;

const probe = (module: string) => `
  import * as worker from ${JSON.stringify(`./${module}`)};
  export default { fetch: () => new Response(typeof worker.default?.fetch) };
`;

const emptyWorker = { "empty.js": "export default { fetch() {} };" };

interface Loadable {
  compatibilityDate: string;
  compatibilityFlags: string[];
  entry: string;
  modules: Record<string, string>;
}

/** A load takes a few steps of the processor's clock, and so a group of them is timed; the least of the groups counts. */
const groups = 3;
const loadsInGroup = 4;

/**
 * Milliseconds of processor time that workerd takes to compile and evaluate each bundle in a fresh isolate, less that
 * of an empty Worker. Cloudflare's limit is one of processor time, too; a busy machine adds to it next to nothing.
 */
export async function measureStarts(bundles: readonly Bundle[]): Promise<number[]> {
  const [first] = bundles;
  if (!first) return [];
  const workerd = await startWorkerd(loaderService(first.manifest.config.compatibility_date), { "loader.js": loader });
  try {
    const starts: number[] = [];
    for (const { manifest, entry, modules } of bundles) {
      const { compatibility_date: compatibilityDate, compatibility_flags: compatibilityFlags } = manifest.config;
      const worker = { compatibilityDate, compatibilityFlags, entry, modules };
      const empty = { ...worker, entry: "empty.js", modules: emptyWorker };
      starts.push((await leastStart(workerd, worker)) - (await leastStart(workerd, empty)));
    }
    return starts.map((start) => Math.max(0, start));
  } finally {
    await workerd.stop();
  }
}

async function leastStart({ url, pid }: RunningWorkerd, worker: Loadable): Promise<number> {
  await load(url, worker);
  let least = Number.POSITIVE_INFINITY;
  for (let group = 0; group < groups; group += 1) {
    const begun = cpuTime(pid);
    for (let loads = 0; loads < loadsInGroup; loads += 1) await load(url, worker);
    least = Math.min(least, (cpuTime(pid) - begun) / loadsInGroup);
  }
  return least;
}

async function load(url: string, { entry, modules, ...compatibility }: Loadable): Promise<void> {
  const body = JSON.stringify({
    ...compatibility,
    mainModule: "probe.js",
    modules: { "probe.js": probe(entry), ...modules },
  });
  const response = await fetch(url, { method: "POST", body });
  const answer = await response.text();
  if (answer !== "function") throw new Error(`${entry} does not start in workerd: ${answer.slice(0, 2_000)}`);
}
